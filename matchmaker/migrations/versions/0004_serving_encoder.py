"""serving encoder: vectors of two encoders side by side, and which of them is answered from"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Whatever was answered from until now goes on, until another encoder's vectors are complete.
FILL = (
    "INSERT INTO serving_encoder (id, encoder, wanted, since) "
    "SELECT 1, encoder, encoder, max(at) FROM embedding GROUP BY encoder ORDER BY count(*) DESC LIMIT 1"
)


def upgrade() -> None:
    op.create_table(
        "serving_encoder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("encoder", sa.String(length=128), nullable=False),
        sa.Column("wanted", sa.String(length=128), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serving_encoder")),
    )
    op.execute(FILL)
    _key_of_embeddings(["listing_id", "encoder"])
    _index_of_passages(["listing_id", "encoder", "lang", "ordinal"])


def downgrade() -> None:
    _index_of_passages(["listing_id", "lang", "ordinal"])
    for table in ("passage", "embedding"):
        op.execute(f"DELETE FROM {table} WHERE encoder NOT IN (SELECT encoder FROM serving_encoder)")  # noqa: S608
    _key_of_embeddings(["listing_id"])
    op.drop_table("serving_encoder")


def _key_of_embeddings(columns: list[str]) -> None:
    with op.batch_alter_table("embedding", schema=None) as batch_op:
        batch_op.drop_constraint("pk_embedding", type_="primary")
        batch_op.create_primary_key("pk_embedding", columns)


def _index_of_passages(columns: list[str]) -> None:
    with op.batch_alter_table("passage", schema=None) as batch_op:
        batch_op.drop_index("ix_passage_listing")
        batch_op.create_index("ix_passage_listing", columns, unique=False)
