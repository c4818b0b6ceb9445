"""Alembic's entry: runs migrations on the connection that app.store.engine hands over."""

from __future__ import annotations

from alembic import context

import models.alarms
import models.anchors
import models.audit
import models.login
import models.organisation
import models.people
import models.privacy
import models.readings
import models.risk_register  # noqa: F401 - imported for their tables
from models.base import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
