"""Alembic migrations: every released schema can be opened for ever."""
