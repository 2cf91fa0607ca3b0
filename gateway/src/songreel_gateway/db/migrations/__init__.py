"""Alembic migrations of the gateway's tables; run by `songreel_gateway.db.schema`."""
