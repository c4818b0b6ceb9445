"""The schema that migrations make is the schema that the models speak of, and the trail can't be rewritten."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

import models.alarms
import models.audit
import models.login
import models.organisation
import models.people
import models.privacy
import models.readings
import models.risk_register  # noqa: F401 - imported for their tables
from app.store.engine import Store, StoreError, newest_schema
from models.base import Base


def test_migrations_and_models_agree(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    store.upgrade()
    with store.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [newest_schema()]


@pytest.mark.parametrize("act", ["UPDATE audit_entry SET login = 'x'", "DELETE FROM audit_entry"])
def test_the_database_itself_refuses_to_rewrite_the_trail(store: Store, act: str) -> None:
    with store.write() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_entry (id, t_us, user_id, login, name, role, station, session_id, action, target, outcome,"
                " reason, prev_hash, hash) VALUES (1, 1, 1, 'a', 'a', 'r', 's', 0, 'x', '', 'done', '', '0', '0')"
            )
        )
    with pytest.raises(DatabaseError, match="append-only"), store.write() as connection:
        connection.execute(text(act))
    with store.read() as connection:
        assert connection.execute(text("SELECT login FROM audit_entry")).scalars().all() == ["a"]


def test_an_unreachable_store_is_named_without_its_password() -> None:
    broken = Store("postgresql://ankan:s3cret@127.0.0.1:1/none")
    with pytest.raises(StoreError) as caught:
        broken.upgrade()
    broken.close()
    assert "127.0.0.1" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_another_database_is_refused_in_words() -> None:
    with pytest.raises(StoreError, match="only sqlite and postgresql"):
        Store("mysql://127.0.0.1/x")
