"""Leases an identity adapter to replicas for one render: the service's side."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

import ray
from ray.exceptions import RayError
from songreel_kit.errors import Cancelled, ServiceUnavailable

from songreel_render.backends.ray.futures import RayFuture
from songreel_render.backends.ray.lease_ref import LeaseRef
from songreel_render.backends.ray.sealed_adapter import NeedsKey, Sealer
from songreel_render.checkpoints.identity_adapter import IdentityAdapter

R = TypeVar("R")

# The actor starts in that time, on a busy machine too.
_OPEN_SECONDS: Final = 120.0


class AdapterLease:
    """Lets replicas draw with an adapter until the render ends.

    Args:
        adapter: of the person who is drawn.
        actor_name: of the `RevocationActor`.
        actor: its handle.

    Raises:
        ServiceUnavailable: the actor does not answer.
    """

    def __init__(self, adapter: IdentityAdapter, actor_name: str, actor: Any) -> None:
        self._sealer = Sealer(adapter)
        self._actor_name = actor_name
        self._actor = actor
        self._lock = threading.Lock()
        self._ended = False
        self._begun: frozenset[str] = frozenset()
        try:
            ray.get(actor.open.remote(self._sealer.sealed.lease_id), timeout=_OPEN_SECONDS)
        except RayError as error:
            raise ServiceUnavailable(
                "the actor that replicas ask about people is gone, and is started anew"
            ) from error

    def ref(self, call: str) -> LeaseRef:
        """What is sent along with a call."""
        return LeaseRef(self._sealer.sealed, self._actor_name, call)

    def add_key(self, request: NeedsKey) -> None:
        """See `Sealer.add_key`."""
        self._sealer.add_key(request)

    def end(self) -> frozenset[str]:
        """End the lease; returns the calls whose replicas hold the adapter at this moment."""
        with self._lock:
            if not self._ended:
                self._ended = True
                with suppress(Exception):  # an actor that is gone has ended every lease
                    self._begun = ray.get(self._actor.close.remote(self._sealer.sealed.lease_id))
            return self._begun


class LeasedFuture(Generic[R]):
    """A `TaskFuture` of a call that draws with a leased adapter.

    Args:
        lease: of the adapter.
        send: makes the call.
    """

    def __init__(self, lease: AdapterLease, send: Callable[[LeaseRef], Any]) -> None:
        self._lease = lease
        self._send = send
        self._call = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._cancelled = False
        self._future = self._sent()

    def result(self) -> R:
        """See `TaskFuture.result`; after a cancel, once the adapter is wiped."""
        while True:
            answer = self._future.result()
            if not isinstance(answer, NeedsKey):
                return answer
            self._lease.add_key(answer)
            with self._lock:
                if self._cancelled:
                    raise Cancelled("the work was cancelled")
                self._future = self._sent()

    def cancel(self) -> None:
        """See `TaskFuture.cancel`."""
        with self._lock:
            self._cancelled = True
            # Ray would not wait for a call that has begun: the actor tells that one to stop.
            if self._call not in self._lease.end():
                self._future.cancel()

    def _sent(self) -> RayFuture[R | NeedsKey]:
        return RayFuture(self._send(self._lease.ref(self._call)))
