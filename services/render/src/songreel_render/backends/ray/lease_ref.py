"""Draws with a leased adapter: the replica's side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import ray
from ray.exceptions import RayError
from songreel_kit.errors import Cancelled, ServiceUnavailable
from songreel_kit.ray.cluster import NAMESPACE
from songreel_kit.work import CancelToken, Done, run_in_thread

from songreel_render.backends.ray.sealed_adapter import Opener, SealedAdapter
from songreel_render.checkpoints.identity_adapter import IdentityAdapter

T = TypeVar("T")


@dataclass(frozen=True)
class LeaseRef:
    """Goes with a call that draws with a leased adapter."""

    sealed: SealedAdapter
    actor_name: str
    """Name of the `RevocationActor`."""
    call: str


async def draw_leased(
    lease: LeaseRef, opener: Opener, work: Callable[[tuple[IdentityAdapter, ...], CancelToken], T]
) -> T:
    """Draw with the adapter until the work is done or the lease ends.

    Args:
        lease: of the adapter.
        opener: of the sealed adapter.
        work: runs in a thread; wipes the adapter at its end.

    Raises:
        Cancelled: the render is over.
        ServiceUnavailable: the actor is gone, and the service with it.
    """
    names = lease.sealed.lease_id, lease.call
    actor: Any = await _answer(asyncio.to_thread(ray.get_actor, lease.actor_name, NAMESPACE))
    if not await _answer(actor.begin.remote(*names)):
        raise Cancelled("the render is over")

    def draw(token: CancelToken) -> T:
        token.check()
        return work((opener.open(lease.sealed),), token)

    drawing = asyncio.ensure_future(in_thread(draw))
    over = asyncio.ensure_future(_answer(actor.until_over.remote(*names)))
    try:
        await asyncio.wait({drawing, over}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        drawing.cancel()
        # Until the thread has ended, and with it the wiping.
        await asyncio.wait({drawing})
        actor.done.remote(*names)
    if drawing.cancelled():
        await over
        raise Cancelled("the render is over")
    over.cancel()
    return drawing.result()


async def in_thread(function: Callable[[CancelToken], T]) -> T:
    """Run the function in a thread; waits for the thread's end after a cancel, too."""
    async for event in run_in_thread(lambda _, token: function(token)):
        if isinstance(event, Done):
            return event.value
    raise AssertionError("work ends with its value")


async def _answer(answer: Awaitable[T]) -> T:
    try:
        return await answer
    except (RayError, ValueError) as error:  # the latter for a name that nobody has
        raise ServiceUnavailable("the service that asked for the render is gone") from error
