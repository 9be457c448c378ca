"""carry over: what the rows of an older version say in the new columns"""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FILL = (
    # Whoever had an account before letters were sent is taken at their word.
    "UPDATE person SET email_confirmed_at = created_at",
    "UPDATE membership SET joined_at = (SELECT created_at FROM person WHERE person.id = membership.person_id)",
    "UPDATE listing SET status_at = updated_at",
    "UPDATE suggestion SET state_at = COALESCE(decided_at, created_at), priority = score, "
    "need_org_id = (SELECT organisation_id FROM listing WHERE listing.id = need_id), "
    "result_org_id = (SELECT organisation_id FROM listing WHERE listing.id = result_id)",
)
APPEND_ONLY = ("audit_event", "match_move")


def upgrade() -> None:
    for statement in FILL:
        op.execute(statement)
    _chain()
    for table in APPEND_ONLY:
        _only_ever_add(table)


def _chain() -> None:
    """Give the events of old their place in the chain, as audit/service.py computes it."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT id, at, actor, action, object_kind, object_id, detail FROM audit_event ORDER BY id")
    ).all()
    previous = ""
    for id_, at, *rest in rows:
        previous = _link(previous, [_moment(at), *rest])
        connection.execute(sa.text("UPDATE audit_event SET hash = :hash WHERE id = :id"), {"hash": previous, "id": id_})


def _link(previous: str, contents: list[Any]) -> str:
    said = json.dumps([previous, *contents], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _moment(at: Any) -> str:
    """As `datetime.isoformat(timespec="microseconds")` of the moment in UTC, without its offset."""
    said = str(at).replace(" ", "T").split("+")[0]
    return said if "." in said else said + ".000000"


def _only_ever_add(table: str) -> None:
    """Refuse to change or remove a row, whoever asks."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        )


def downgrade() -> None:
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
