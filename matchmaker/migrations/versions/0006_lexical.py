"""lexical: the words of listings and an index over them; a tick of the worker fills it"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEX = {
    "sqlite": (
        "CREATE VIRTUAL TABLE lexical_index USING fts5(tokens, detail=none, tokenize=\"ascii tokenchars '.-'\")",
        "CREATE TRIGGER lexical_listing_gone AFTER DELETE ON lexical_listing "
        "BEGIN DELETE FROM lexical_index WHERE rowid = old.listing_id; END",
    ),
    "postgresql": (
        "CREATE TABLE lexical_index (rowid BIGINT PRIMARY KEY "
        "REFERENCES lexical_listing (listing_id) ON DELETE CASCADE, tokens TEXT NOT NULL, words TSVECTOR "
        "GENERATED ALWAYS AS (array_to_tsvector(array_remove(string_to_array(tokens, ' '), ''))) STORED)",
        "CREATE INDEX ix_lexical_index_words ON lexical_index USING gin (words)",
    ),
}


def upgrade() -> None:
    op.create_table(
        "lexical_listing",
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tokeniser", sa.Integer(), nullable=False),
        sa.Column("languages", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_lexical_listing_listing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_lexical_listing")),
    )
    op.create_table(
        "lexical_term",
        sa.Column("term", sa.String(length=64), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("term", "lang", name=op.f("pk_lexical_term")),
        sqlite_with_rowid=False,
    )
    for statement in INDEX.get(op.get_bind().dialect.name, ()):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE lexical_index")
    op.drop_table("lexical_term")
    op.drop_table("lexical_listing")
