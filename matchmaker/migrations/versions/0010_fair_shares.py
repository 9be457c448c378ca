"""fair shares: scores of both sides, pairs that wait for the desk, and the limits that administrators set"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LIMITS = {"per_organisation": 10, "per_result": 5, "first_bonus": 5, "waiting_bonus": 2}


def upgrade() -> None:
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.add_column(sa.Column("need_score", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("result_score", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("coverage_bonus", sa.Float(), nullable=False, server_default="0"))
    # Until now the need's side alone was asked.
    op.execute("UPDATE suggestion SET need_score = score WHERE origin = 'ranking'")

    op.create_table(
        "waiting_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("need_score", sa.Float(), nullable=True),
        sa.Column("result_score", sa.Float(), nullable=True),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("log_position", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_out", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(["need_id"], ["listing.id"], name=op.f("fk_waiting_pair_need_id")),
        sa.ForeignKeyConstraint(["result_id"], ["listing.id"], name=op.f("fk_waiting_pair_result_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_pair")),
        sa.UniqueConstraint("need_id", "result_id", name=op.f("uq_waiting_pair_need_id_result_id")),
    )
    with op.batch_alter_table("waiting_pair", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waiting_pair_kept_out"), ["kept_out"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiting_pair_log_position"), ["log_position"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiting_pair_result_id"), ["result_id"], unique=False)
    limits = op.create_table(
        "suggestion_limit",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_suggestion_limit")),
    )
    # The rows are also what processes wait for that choose suggestions at the same time.
    rows = (f"('{name}', {value}, CURRENT_TIMESTAMP)" for name, value in LIMITS.items())
    op.execute(f"INSERT INTO {limits.name} (name, value, updated_at) VALUES {', '.join(rows)}")  # noqa: S608


def downgrade() -> None:
    op.drop_table("suggestion_limit")
    op.drop_table("waiting_pair")
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.drop_column("coverage_bonus")
        batch_op.drop_column("result_score")
        batch_op.drop_column("need_score")
