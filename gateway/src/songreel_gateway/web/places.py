"""Places for enrolments: taken by browsers that may begin, limited for each address."""

from __future__ import annotations

from collections import Counter

from aiohttp import web
from songreel_kit.errors import Busy

_FULL = "too many people are enrolling at once: try again in a minute"


class Places:
    """Counts connections. Who connects and is silent keeps out nobody but their own address.

    Args:
        sessions: At once.
        sessions_per_address: Of one address at once.
        waiting_per_address: Connections of one address whose token and nonce are not accepted
            yet.
    """

    def __init__(self, sessions: int, sessions_per_address: int, waiting_per_address: int) -> None:
        self._sessions = sessions
        self._sessions_per_address = sessions_per_address
        self._waiting_per_address = waiting_per_address
        self.waiting: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()

    def refuse_waiting(self, address: str) -> None:
        """Raises `Busy` where the address has too many connections that have not begun."""
        if self.waiting[address] >= self._waiting_per_address:
            raise Busy(_FULL)

    def refuse_full(self, address: str) -> None:
        """Raises `Busy` where no session may begin now."""
        if (
            self.begun.total() >= self._sessions
            or self.begun[address] >= self._sessions_per_address
        ):
            raise Busy(_FULL)


class Place:
    """One connection: it waits inside the `with` block until it takes a place."""

    def __init__(self, places: Places, address: str) -> None:
        self._places, self._address = places, address
        self._counted = places.waiting

    def __enter__(self) -> Place:
        """Raises `Busy`."""
        self._places.refuse_waiting(self._address)
        self._count(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._count(-1)

    def check(self) -> None:
        """Before the nonce is used up: who finds no place has not tried. Raises `Busy`."""
        self._places.refuse_full(self._address)

    def take(self) -> None:
        """The session has begun; called again, it does nothing."""
        if self._counted is self._places.waiting:
            self._count(-1)
            self._counted = self._places.begun
            self._count(1)

    def _count(self, change: int) -> None:
        self._counted[self._address] += change
        if not self._counted[self._address]:
            del self._counted[self._address]


def client_address(request: web.Request, proxies: int) -> str:
    """Who asks: the peer or, behind `proxies` of one's own, whom the outermost of them names."""
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    if proxies and len(forwarded) >= proxies and (named := forwarded[-proxies].strip()):
        return named
    return request.remote or ""
