"""A servicer that is made at its first call."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from songreel_kit.server.deferred import DeferredServicer


class Servicer:
    """Answers as it was asked."""

    def __init__(self) -> None:
        self.closed = 0

    async def Ask(self, request: str, context: Any) -> str:
        return f"{context}: {request}"

    async def Watch(self, request: str, context: Any) -> Any:
        for word in request.split():
            yield f"{context}: {word}"

    async def close(self) -> None:
        self.closed += 1


def _service() -> Any:
    file = FileDescriptorProto(name="deferred.proto", package="deferred")
    file.message_type.add(name="Words")
    service = file.service.add(name="DeferredService")
    for name, streams in (("Ask", False), ("Watch", True)):
        service.method.add(
            name=name, input_type="Words", output_type="Words", server_streaming=streams
        )
    return DescriptorPool().AddSerializedFile(file.SerializeToString()).services_by_name[
        "DeferredService"
    ]  # fmt: skip


async def test_it_is_made_once_by_whoever_calls_first_and_closed() -> None:
    made: list[Servicer] = []

    def make() -> Servicer:
        made.append(Servicer())
        return made[-1]

    deferred: Any = DeferredServicer(_service(), make, Servicer.close)
    assert made == []
    answers = await asyncio.gather(*(deferred.Ask(str(n), "you") for n in range(5)))
    assert answers == [f"you: {n}" for n in range(5)]
    assert [word async for word in deferred.Watch("a b", "he")] == ["he: a", "he: b"]
    assert len(made) == 1
    await deferred.close()
    assert made[0].closed == 1


async def test_what_was_never_called_is_neither_made_nor_closed() -> None:
    def make() -> Servicer:
        raise AssertionError("made")

    await DeferredServicer(_service(), make, Servicer.close).close()


async def test_what_cannot_be_made_is_tried_again_at_the_next_call() -> None:
    tries: list[int] = []

    def make() -> Servicer:
        tries.append(1)
        if len(tries) < 3:
            raise RuntimeError("no libraries")
        return Servicer()

    deferred: Any = DeferredServicer(_service(), make)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no libraries"):
            await deferred.Ask("a", "you")
    assert await deferred.Ask("a", "you") == "you: a"
