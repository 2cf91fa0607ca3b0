"""The tables of access: projects with their quotas, keys, what was used, what operators did.

In the gateway's own metadata (`songreel_gateway.db.tables`); a change here needs a migration.
None of them holds a person's name or address.
"""

from __future__ import annotations

import sqlalchemy as sa

from songreel_gateway.db.tables import metadata

__all__ = [
    "access_events",
    "access_use",
    "api_keys",
    "metadata",
    "project_use",
    "projects",
    "rates",
]

projects = sa.Table(
    "projects",
    metadata,
    sa.Column("id", sa.String(63), primary_key=True),
    sa.Column("running_jobs", sa.Integer, nullable=True),
    sa.Column("rendered_seconds", sa.Integer, nullable=True),
    sa.Column("stored_bytes", sa.BigInteger, nullable=True),
    sa.Column("uploads", sa.Integer, nullable=True),
    sa.Column("retention_days", sa.Integer, nullable=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("closed", sa.BigInteger, nullable=False),
)
"""Who uses the gateway, and how much at the most; an empty quota is the setting's.
Rendered seconds and uploads are per day (UTC). `retention_days`: how long videos and media
are kept; empty is the setting's, 0 for ever. `closed`: 0, or since when nobody may."""

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("project", sa.ForeignKey("projects.id"), nullable=False),
    sa.Column("secret_sha256", sa.String(64), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("certificate_sha256", sa.String(64), nullable=False),
    sa.Column("calls_per_minute", sa.Integer, nullable=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("revoked", sa.BigInteger, nullable=False),
    sa.Index("api_keys_by_project", "project"),
)
"""Keys without their secrets. `certificate_sha256`: the client certificate that they are
good with, empty for any. `expires` and `revoked`: 0 for never."""

project_use = sa.Table(
    "project_use",
    metadata,
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(24), primary_key=True),
    sa.Column("amount", sa.Float, nullable=False),
)
"""What counts against a day's quotas; `day` counts from 1970 in UTC."""

access_use = sa.Table(
    "access_use",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True),
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("key", sa.String(16), primary_key=True),
    sa.Column("method", sa.String(128), primary_key=True),
    sa.Column("code", sa.String(24), primary_key=True),
    sa.Column("calls", sa.BigInteger, nullable=False),
)
"""Audit: how many calls ended how. Project and key are empty where nobody was recognised;
`key` is "oidc" for the people of an identity provider, whose names are not kept."""

access_events = sa.Table(
    "access_events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("key", sa.String(16), nullable=False),
    sa.Column("detail", sa.String(255), nullable=False),
)
"""Audit: what operators did."""

rates = sa.Table(
    "rates",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("level", sa.Float, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)
"""Token buckets of keys and people (hashed), where several gateways share the database:
`level` calls were left at `at`."""
