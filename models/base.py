"""One declarative base, so that every table shares naming, keys and the optimistic version column.

Times are stored and carried as ``int`` microseconds since 1970-01-01T00:00:00Z (columns and fields end in ``_us``):
the hot path never builds a ``datetime``, SQLite and PostgreSQL sort them alike, and no time zone can slip in.
Screens and reports convert to local time at the last moment.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

#: BIGINT on PostgreSQL; SQLite needs INTEGER for a rowid alias.
BigInt = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """Declarative base of all tables; constraint names are deterministic so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012 - SQLAlchemy reads it from the class


class Keyed:
    """A surrogate integer key."""

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)


class Versioned:
    """A row that several people may edit: SQLAlchemy refuses the second of two writes made from the same version."""

    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}
