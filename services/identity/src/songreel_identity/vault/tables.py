"""The vault's tables. Times are microseconds since 1970; ids are random and tell nothing."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("subject", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False, unique=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
)
"""The only place where a name meets the pseudonym that all else goes by."""

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("subject", sa.String(32), nullable=False, index=True),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("text_sha256", sa.String(64), nullable=False),
    sa.Column("accepted", sa.BigInteger, nullable=False),
    sa.Column("withdrawn", sa.BigInteger, nullable=False),
)
"""`withdrawn` is 0 while the consent stands."""

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("nonce_sha256", sa.String(64), primary_key=True),
    sa.Column("subject", sa.String(32), nullable=False, index=True),
    sa.Column("consent", sa.String(32), nullable=False),
    sa.Column("opened", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("begun", sa.BigInteger, nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("ways", sa.String(64), nullable=False, server_default=sa.text("'unknown'")),
)
"""`begun` is 0 until the nonce is used; `verdict` is empty until the session's end. `ways` are
the accessible ways with commas between them, "unknown" of sessions before version 0005."""

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("subject", sa.String(32), primary_key=True),
    sa.Column("ways", sa.String(64), nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
)
"""An operator's approval of weaker ways, until a session is passed or it expires."""

tries = sa.Table(
    "tries",
    metadata,
    sa.Column("nonce_sha256", sa.String(64), primary_key=True),
    sa.Column("name_hash", sa.String(64), nullable=False, index=True),
    sa.Column("project_hash", sa.String(64), nullable=False, index=True),
    sa.Column("begun", sa.BigInteger, nullable=False),
)
"""Tries that were not passed, under keyed hashes: they outlive an erasure, for the lock-out's
window."""

objects = sa.Table(
    "objects",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("subject", sa.String(32), nullable=False, index=True),
    sa.Column("purpose", sa.String(32), nullable=False),
    sa.Column("consent", sa.String(32), nullable=False),
    sa.Column("consent_version", sa.String(32), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("key_id", sa.String(64), nullable=False),
    sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("checkpoint_sha256", sa.String(64), nullable=False, server_default=sa.text("''")),
    sa.Column("pictures_sha256", sa.String(64), nullable=False, server_default=sa.text("''")),
    sa.Column("recipe_sha256", sa.String(64), nullable=False, server_default=sa.text("''")),
)
"""Encrypted pictures, embeddings, adapters and trainings; `sha256` is of the plain bytes. What
an adapter or a training is bound to is part of what its encryption vouches for."""

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("subject", sa.String(32), nullable=False, index=True),
    sa.Column("consent", sa.String(32), nullable=False),
    sa.Column("adapter_sha256", sa.String(64), nullable=False),
    sa.Column("job_sha256", sa.String(64), nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("redeemed", sa.BigInteger, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("ended", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("renderer_key", sa.String(64), nullable=False, server_default=sa.text("''")),
)
"""`redeemed` is 0 until the grant's one use; `seen` is when its renderer was last heard of, and
`ended` when it said that it holds nothing any more. `renderer_key` is the renderer's public key
in hex digits."""

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time", sa.BigInteger, nullable=False),
    sa.Column("event", sa.String(48), nullable=False),
    sa.Column("subject", sa.String(32), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("before", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
"""A chain: `hash` is over the entry and the hash `before` it."""
