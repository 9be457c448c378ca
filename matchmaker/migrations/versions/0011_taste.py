"""taste: from when on a broker's refusals count, and an index of who decided what when"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taste_reset",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_taste_reset_person_id")),
        sa.PrimaryKeyConstraint("person_id", "reason", name=op.f("pk_taste_reset")),
    )
    op.create_index("ix_suggestion_decided", "suggestion", ["decided_by", "decided_at"])


def downgrade() -> None:
    op.drop_index("ix_suggestion_decided", "suggestion")
    op.drop_table("taste_reset")
