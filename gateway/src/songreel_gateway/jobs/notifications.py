"""Wakes those who wait for changes of a job."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager


class Notifications:
    """Notifications inside this process, by job; used on the event loop only."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._count = 0
        self.closed = False

    @property
    def count(self) -> int:
        """How many there were: what was read before the last one may be old."""
        return self._count

    def watched(self) -> list[str]:
        """The jobs that somebody waits for."""
        return list(self._listeners)

    @contextmanager
    def subscribed(self, job: str) -> Generator[asyncio.Event]:
        """An event that is set at every change of the job, and at `close`.

        Subscribe first, then read: what happens in between is not missed.
        """
        event = asyncio.Event()
        if self.closed:
            event.set()
        self._listeners.setdefault(job, set()).add(event)
        try:
            yield event
        finally:
            listeners = self._listeners[job]
            listeners.discard(event)
            if not listeners:
                del self._listeners[job]

    def notify(self, job: str) -> None:
        """The job has changed."""
        self._count += 1
        for event in self._listeners.get(job, ()):
            event.set()

    def close(self) -> None:
        """Wakes everybody for the last time: the process is about to stop."""
        self.closed = True
        for listeners in self._listeners.values():
            for event in listeners:
                event.set()
