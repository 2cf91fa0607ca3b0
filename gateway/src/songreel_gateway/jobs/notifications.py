"""Wakes those who wait for news of a job."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager


class Bells:
    """One bell per job, heard inside this process; used on the event loop only."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._rings = 0
        self.closed = False

    @property
    def rings(self) -> int:
        """How often any bell was rung: what was read before the last ring may be old."""
        return self._rings

    def heard(self) -> list[str]:
        """The jobs that somebody listens to."""
        return list(self._listeners)

    @contextmanager
    def listening(self, job: str) -> Generator[asyncio.Event]:
        """An event that is set at every ring of the job's bell, and at `close`.

        Listen first and read then: what happens in between is not missed.
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

    def ring(self, job: str) -> None:
        """There is news of the job."""
        self._rings += 1
        for event in self._listeners.get(job, ()):
            event.set()

    def close(self) -> None:
        """Wakes everybody for the last time: the process is about to stop."""
        self.closed = True
        for listeners in self._listeners.values():
            for event in listeners:
                event.set()
