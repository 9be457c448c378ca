"""insights: runs of the evaluation are kept, and the timelines of all matches are read at once"""

import sqlalchemy as sa
from alembic import op

from matchmaker.db.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evaluation_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("encoder", sa.String(length=128), nullable=False),
        sa.Column("weights", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("queries", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("figures", sa.String(), nullable=False),
        sa.Column("hidden_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_run")),
    )
    op.create_index("ix_evaluation_run_shown", "evaluation_run", ["task", "hidden_at", "id"])
    op.create_index("ix_match_move_steps", "match_move", ["kind", "now", "party", "reason", "at", "suggestion_id"])


def downgrade() -> None:
    op.drop_index("ix_match_move_steps", table_name="match_move")
    op.drop_table("evaluation_run")
