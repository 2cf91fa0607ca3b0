"""Calls of replicas that draw a person: the service's end."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

import ray
from ray.exceptions import RayError
from songreel_kit.errors import Cancelled, ServiceUnavailable

from songreel_render.backends.ray.futures import RayTicket
from songreel_render.backends.ray.lease_ref import Shown
from songreel_render.backends.ray.sealed_adapter import Sender, Stranger
from songreel_render.checkpoints.identity_adapter import IdentityAdapter

R = TypeVar("R")

# The actor starts in that time, on a busy machine too.
_OPEN_SECONDS: Final = 120.0


class Showing:
    """A person whom replicas draw, until the end of the work for a render.

    Args:
        adapter: who is drawn.
        desk: name of the actor.
        actor: its handle.

    Raises:
        ServiceUnavailable: it does not answer.
    """

    def __init__(self, adapter: IdentityAdapter, desk: str, actor: Any) -> None:
        self._sender = Sender(adapter)
        self._desk = desk
        self._actor = actor
        self._lock = threading.Lock()
        self._ended = False
        self._begun: frozenset[str] = frozenset()
        try:
            ray.get(actor.open.remote(self._sender.parcel.errand), timeout=_OPEN_SECONDS)
        except RayError as error:
            raise ServiceUnavailable(
                "the actor that replicas ask about people is gone, and is started anew"
            ) from error

    def shown(self, call: str) -> Shown:
        """What is sent with a call."""
        return Shown(self._sender.parcel, self._desk, call)

    def meet(self, stranger: Stranger) -> None:
        """See `Sender.meet`."""
        self._sender.meet(stranger)

    def end(self) -> frozenset[str]:
        """No call may begin any more; those whose replicas held the person at this moment."""
        with self._lock:
            if not self._ended:
                self._ended = True
                with suppress(Exception):  # a desk that is gone has ended everything itself
                    self._begun = ray.get(self._actor.close.remote(self._sender.parcel.errand))
            return self._begun


class ShownTicket(Generic[R]):
    """A `Ticket` of a call that draws a person.

    Args:
        showing: the person.
        send: makes the call.
    """

    def __init__(self, showing: Showing, send: Callable[[Shown], Any]) -> None:
        self._showing = showing
        self._send = send
        self._call = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._cancelled = False
        self._ticket = self._sent()

    def result(self) -> R:
        """See `Ticket.result`; after a cancel it ends when the replica has wiped the person."""
        while True:
            answer = self._ticket.result()
            if not isinstance(answer, Stranger):
                return answer
            self._showing.meet(answer)
            with self._lock:
                if self._cancelled:
                    raise Cancelled("the work was cancelled")
                self._ticket = self._sent()

    def cancel(self) -> None:
        """See `Ticket.cancel`."""
        with self._lock:
            self._cancelled = True
            # Ray would not wait for what was begun: that hears of the end from the desk.
            if self._call not in self._showing.end():
                self._ticket.cancel()

    def _sent(self) -> RayTicket[R | Stranger]:
        return RayTicket(self._send(self._showing.shown(self._call)))
