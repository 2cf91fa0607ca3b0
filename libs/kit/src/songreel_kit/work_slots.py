"""How much of a service's work one process does at once; nothing waits inside it."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from songreel_kit.errors import Busy

_PROCESS: Final = uuid.uuid4().hex[:12]


class WorkSlots:
    """Slots for long calls; a call that finds none is refused at once.

    The durable queue is in front of the services: whoever is refused asks another process
    of the service, which `Busy.metadata["process"]` tells apart.
    """

    def __init__(self, most: int, work: str, remedy: str) -> None:
        """Makes `most` slots.

        Args:
            most: Calls at work at once.
            work: What they do, in the plural, for the message.
            remedy: How to have more, for the message.
        """
        self._most = most
        self._work = work
        self._remedy = remedy
        self._id = f"{_PROCESS}.{id(self):x}"
        self.taken = 0
        """Slots that are held now."""

    @contextmanager
    def hold(self) -> Generator[None]:
        """Holds a slot. Raises `Busy` when there is none."""
        if self.taken >= self._most:
            raise Busy(
                f"{self.taken} {self._work} are under way, as many as this process takes: ask "
                f"again a little later, or {self._remedy}",
                process=self._id,
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
