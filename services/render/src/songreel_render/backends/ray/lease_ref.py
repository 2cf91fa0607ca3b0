"""Calls of replicas that draw a person: the replica's end."""

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

from songreel_render.backends.ray.sealed_adapter import Parcel, Receiver
from songreel_render.checkpoints.identity_adapter import IdentityAdapter

T = TypeVar("T")


@dataclass(frozen=True)
class Shown:
    """Goes with a call that draws a person."""

    parcel: Parcel
    desk: str
    """Name of the actor that says whether the person may still be drawn."""
    call: str


async def draw_shown(
    shown: Shown, receiver: Receiver, work: Callable[[tuple[IdentityAdapter, ...], CancelToken], T]
) -> T:
    """Draws a person for as long as the desk is there and does not say that it is over.

    Args:
        shown: the person.
        receiver: opens the parcel.
        work: runs in a thread; wipes the person at its end.

    Raises:
        Cancelled: the render is over.
        ServiceUnavailable: the desk is gone, and the service with it.
    """
    names = shown.parcel.errand, shown.call
    desk: Any = await _heard(asyncio.to_thread(ray.get_actor, shown.desk, NAMESPACE))
    if not await _heard(desk.begin.remote(*names)):
        raise Cancelled("the render is over")

    def draw(token: CancelToken) -> T:
        token.check()
        return work((receiver.open(shown.parcel),), token)

    drawing = asyncio.ensure_future(in_thread(draw))
    over = asyncio.ensure_future(_heard(desk.until_over.remote(*names)))
    try:
        await asyncio.wait({drawing, over}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        drawing.cancel()
        # For the thread's end, and with it for the wiping.
        await asyncio.wait({drawing})
        desk.done.remote(*names)
    if drawing.cancelled():
        await over
        raise Cancelled("the render is over")
    over.cancel()
    return drawing.result()


async def in_thread(function: Callable[[CancelToken], T]) -> T:
    """What the function returns, from a thread that is waited for also after a cancel."""
    async for event in run_in_thread(lambda _, token: function(token)):
        if isinstance(event, Done):
            return event.value
    raise AssertionError("work ends with its value")


async def _heard(answer: Awaitable[T]) -> T:
    try:
        return await answer
    except (RayError, ValueError) as error:  # the latter for a name that nobody has
        raise ServiceUnavailable("the service that asked for the render is gone") from error
