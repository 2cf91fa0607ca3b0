"""A stop that takes no longer than it may."""

from __future__ import annotations

import os
import threading

from songreel_kit.telemetry import get_logger

_log = get_logger(__name__)


def end_within(seconds: float) -> None:
    """Ends the process after so many seconds, whatever still holds it.

    Threads may be waiting for a database or a store that is cut off. Nothing is lost: jobs
    are in the database, and whoever takes them up finds what was made.
    """

    def end() -> None:
        _log.error("stopping although threads are still at work", seconds=seconds)
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
