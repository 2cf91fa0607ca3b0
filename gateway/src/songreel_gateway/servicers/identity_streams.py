"""Pictures of people on their way through the gateway, which keeps none of them.

They are an enrolment's frames, and those of a finished video that is to be measured.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import grpc
from songreel.identity.v1 import identity_service_pb2 as service
from songreel.v1 import identity_service_pb2 as public
from songreel_kit.errors import InternalError, InvalidRequest, StreamStalled, from_status

from songreel_gateway.api.resource_names import parse_identity

START_SECONDS = 10.0
"""How long a client may take to begin."""


async def relay(
    requests: AsyncIterator[public.EnrollRequest], stub: Any
) -> AsyncGenerator[public.EnrollResponse]:
    """One session with the identity service behind `stub`.

    Holds one frame at most: the service reads as fast as a client may send, and lets
    older frames go by itself. Raises what the service ended the session with,
    `InvalidRequest`, `InvalidName`, `StreamStalled`.
    """
    frames = aiter(requests)
    begin = await _start(frames)
    call = stub.Enroll()
    pumping = asyncio.create_task(_pump(begin, frames, call))
    try:
        # Not `call.read()`: that one drops what has come once a write has failed.
        async for answer in call:
            if answer.WhichOneof("event") == "error":
                raise from_status(answer.error)
            response = _response(answer)
            yield response
            if response.HasField("outcome"):
                return
        raise InternalError("the identity service ended the session without an outcome")
    finally:
        pumping.cancel()
        call.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pumping


async def measure(
    requests: AsyncIterator[public.MeasureLikenessRequest], stub: Any
) -> public.MeasureLikenessResponse:
    """One count, by the identity service behind `stub`; holds one picture at most.

    Raises `InvalidRequest`, `InvalidName`, and what the service answers with.
    """
    pictures = aiter(requests)
    first = await anext(pictures, None)
    if first is None or first.WhichOneof("event") != "start":
        raise InvalidRequest("the first message must be `start`, with the identity's name")
    start = first.start
    parse_identity(start.name)

    async def handed_on() -> AsyncGenerator[service.MeasureLikenessRequest]:
        yield service.MeasureLikenessRequest(
            start=service.MeasureLikenessStart(identity=start.name, impostors=start.impostors)
        )
        async for request in pictures:
            # Anything else than a picture the service refuses as it would by itself.
            known = request.WhichOneof("event") == "picture"
            yield service.MeasureLikenessRequest(picture=request.picture if known else None)

    found = await stub.MeasureLikeness(handed_on())
    return public.MeasureLikenessResponse(
        pictures=found.pictures,
        faces=found.faces,
        matches=found.matches,
        distance=found.distance,
        impostors=found.impostors,
    )


async def _start(frames: AsyncIterator[public.EnrollRequest]) -> service.EnrollRequest:
    try:
        async with asyncio.timeout(START_SECONDS):
            first = await anext(frames, None)
    except TimeoutError as error:
        raise StreamStalled(f"nothing came for {START_SECONDS:g} seconds: send `start`") from error
    if first is None or first.WhichOneof("event") != "start":
        raise InvalidRequest("the first message must be `start`, with the session's nonce")
    start = first.start
    parse_identity(start.name)
    return service.EnrollRequest(
        start=service.EnrollStart(nonce=start.nonce, ways=start.ways, identity=start.name)
    )


async def _pump(
    begin: service.EnrollRequest, requests: AsyncIterator[public.EnrollRequest], call: Any
) -> None:
    """Hands frames on; why the service takes no more is for the reading side to learn."""
    with contextlib.suppress(grpc.RpcError, asyncio.InvalidStateError):
        await call.write(begin)
        async for request in requests:
            # Anything else than a frame the service refuses as it would by itself.
            frame = request.frame if request.WhichOneof("event") == "frame" else None
            await call.write(service.EnrollRequest(frame=frame))
        await call.done_writing()


def _response(answer: service.EnrollResponse) -> public.EnrollResponse:
    match answer.WhichOneof("event"):
        case "prompt":
            return public.EnrollResponse(prompt=answer.prompt)
        case "guidance":
            return public.EnrollResponse(guidance=answer.guidance)
        case "dot":
            return public.EnrollResponse(dot=answer.dot)
        case "light":
            return public.EnrollResponse(light=answer.light)
        case "outcome":
            return public.EnrollResponse(outcome=answer.outcome)
        case _:
            return public.EnrollResponse()  # something that a newer service says besides
