"""Alembic's entry: run the migrations on the connection that db/migrate.py hands over."""

from typing import Literal

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from matchmaker.accounts import models as _accounts  # noqa: F401  (tables register on import)
from matchmaker.alerts import models as _alerts  # noqa: F401
from matchmaker.audit import models as _audit  # noqa: F401
from matchmaker.db import cursors as _cursors  # noqa: F401
from matchmaker.db import jobs as _jobs  # noqa: F401
from matchmaker.db import leases as _leases  # noqa: F401
from matchmaker.db.types import ExactDecimal, StoredEnum, UtcDateTime
from matchmaker.files import models as _files  # noqa: F401
from matchmaker.interests import models as _interests  # noqa: F401
from matchmaker.listings import models as _listings  # noqa: F401
from matchmaker.matching import models as _matching  # noqa: F401
from matchmaker.notifications import models as _notifications  # noqa: F401
from matchmaker.review import models as _review  # noqa: F401


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our column types as the plain types they are in the database."""
    if kind != "type":
        return False
    if isinstance(item, AutoString | ExactDecimal | StoredEnum):
        length = item.length if isinstance(item, AutoString) else item.impl.length
        return f"sa.String(length={length})" if length else "sa.String()"
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
