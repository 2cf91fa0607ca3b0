"""Alembic's migrations of the vault."""
