"""The gateway's tables.

Messages are stored as serialised protobuf beside the few columns that are
searched. Times are microseconds since 1970, which sort and compare exactly. A change
here needs a migration (`migrations/versions`).
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

media = sa.Table(
    "media",
    metadata,
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("media_type", sa.String(255), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("display_name", sa.String(255), nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
)
"""Who owns which bytes: the same artifact may belong to several projects."""

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("media_type", sa.String(255), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("display_name", sa.String(255), nullable=False),
    sa.Column("part_bytes", sa.BigInteger, nullable=False),
    sa.Column("store_upload", sa.Text, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("finished", sa.BigInteger, nullable=False),
    sa.Index("uploads_by_project", "project", "finished"),
    sa.Index("uploads_by_end", "expires"),
)
"""Uploads whose bytes go straight to the store: what was announced, and `store_upload`, the
store's id of a multipart upload. `finished`: 0, or since when it is media. URLs are never
written down: they are signed anew. A row stays until it `expires` and somebody looks."""

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("method", sa.String(63), primary_key=True),
    sa.Column("request_id", sa.String(128), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("result", sa.String(64), nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
)
"""AIP-155: what a request id was used for, and the id of what came of it."""

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("method", sa.String(63), primary_key=True),
    sa.Column("request_id", sa.String(128), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Index("answers_by_age", "created"),
)
"""The same for requests whose work is another service's: `answer` is its message."""

OPEN_STATES = ("queued", "running")
"""Values of `jobs.state` of jobs that have not ended."""

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(63), primary_key=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("video", sa.String(63), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("progress", sa.LargeBinary, nullable=False),
    sa.Column("outcome", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("ended", sa.BigInteger, nullable=False),
    sa.Column("traceparent", sa.String(64), nullable=False, server_default=""),
    sa.Column("waiting_for", sa.String(16), nullable=False, server_default=""),
    sa.Column("waiting_why", sa.String(8), nullable=False, server_default=""),
    sa.Column("waiting_since", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("preview", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("jobs_by_age", "project", "created", "id"),
    sa.Index("jobs_by_state", "state"),
)
"""A job: `request` what was asked, `progress` a JobMetadata, `outcome` a packed
response (Any) or a Status once it has ended, `events` the offset of the next event,
`attempt` how often the present stage was begun, `traceparent` the span of the call that
asked for it (W3C; empty when nothing was traced), under which all its work is found.
`waiting_for`: the service that it waits for, empty while it is worked on; `waiting_why`:
"away" or "full". `preview`: somebody waits for it at the screen."""

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("service", sa.String(16), primary_key=True),
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("taken", sa.BigInteger, nullable=False),
)
"""When each project had its last turn at a service."""

job_events = sa.Table(
    "job_events",
    metadata,
    sa.Column("job", sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("offset", sa.Integer, primary_key=True),
    sa.Column("event", sa.LargeBinary, nullable=False),
)

videos = sa.Table(
    "videos",
    metadata,
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("id", sa.String(63), primary_key=True),
    sa.Column("video", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Index("videos_by_age", "project", "created", "id"),
)

storyboards = sa.Table(
    "storyboards",
    metadata,
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("id", sa.String(63), primary_key=True),
    sa.Column("etag", sa.String(64), nullable=False),
    sa.Column("storyboard", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Index("storyboards_by_age", "project", "created", "id"),
)
"""Storyboards that are edited; `etag` is also in the message, and what a change compares."""

replicas = sa.Table(
    "replicas",
    metadata,
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
)
"""Gateways at work on a shared database; `expires` is by the database's clock. Whoever
has no row here may not write into a job, and what it worked on is taken up by others."""
