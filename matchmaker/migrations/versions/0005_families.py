"""families: which listings say the same"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listing_family",
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("likeness", sa.Float(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["family_id"], ["listing.id"], name=op.f("fk_listing_family_family_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_listing_family_listing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_listing_family")),
    )
    with op.batch_alter_table("listing_family", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_listing_family_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_listing_family_revision"), ["revision"], unique=False)

    op.create_table(
        "family_word",
        sa.Column("one_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["one_id"], ["listing.id"], name=op.f("fk_family_word_one_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["listing.id"], name=op.f("fk_family_word_other_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_family_word_person_id")),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_family_word")),
    )


def downgrade() -> None:
    op.drop_table("family_word")
    op.drop_table("listing_family")
