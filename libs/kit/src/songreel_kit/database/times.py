"""Times in tables: microseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp


def microseconds() -> int:
    """Now, in microseconds since 1970."""
    now = datetime.now(UTC)
    return int(now.timestamp()) * 1_000_000 + now.microsecond


def timestamp(at: int) -> Timestamp:
    """Microseconds since 1970 as a message."""
    message = Timestamp()
    message.FromMicroseconds(at)
    return message
