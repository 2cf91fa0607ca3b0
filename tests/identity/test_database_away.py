"""The vault's Postgres is stopped and started again: calls say so, renders of people go on."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import grpc
import pytest
import pytest_asyncio
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel_kit import errors
from songreel_testing.identity.identity_server import ANN, IdentityServer, following
from songreel_testing.render.storyboards import scene
from songreel_testing.servers import NotInstalledError, stopped_postgres
from songreel_testing.serving import expect_error, wait_until

from .test_use import granted, held

ALL_OF_IT = (scene(0.0, 2.0, protagonist=True),)


class Postgres:
    """A Postgres that is stopped and started while others use it."""

    def __init__(self, server) -> None:
        self._server = server
        self._running = ExitStack()

    async def start(self) -> None:
        await asyncio.to_thread(self._running.enter_context, self._server.running())

    async def stop(self) -> None:
        await asyncio.to_thread(self._running.close)

    def new_database(self) -> str:
        return self._server.url(self._server.create_database())


@pytest_asyncio.fixture
async def postgres():
    try:
        with stopped_postgres() as server:
            running = Postgres(server)
            await running.start()
            yield running
            await running.stop()
    except NotInstalledError as missing:
        pytest.skip(str(missing))


async def begun(server, identity, render, steps):
    """A render of Ann that draws: its events, and what ends with it."""
    wanted = server.request(*ALL_OF_IT, adapter=server.adapters[ANN], steps=steps, fps="12")
    await granted(identity, server, wanted)
    seen, ended = following(render.Render(wanted))
    await wait_until(
        lambda: ended.done() or any(event.progress.frames_total for event in seen), seconds=120
    )
    assert not ended.done()
    return seen, ended


@pytest.mark.slow
async def test_a_render_outlives_a_restart_of_the_database(postgres, tmp_path) -> None:
    server = IdentityServer(tmp_path, database=postgres.new_database())
    async with server.open() as (identity, render):
        seen, ended = await begun(server, identity, render, steps=40)
        await postgres.stop()
        with pytest.raises(grpc.RpcError) as caught:
            await identity.GetIdentity(pb.GetIdentityRequest(identity=ANN), timeout=30)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert not ended.done()
        await postgres.start()
        await asyncio.wait_for(ended, 120)
        assert any(event.HasField("result") for event in seen)
        await wait_until(lambda: server.log()[-1][0] == "end-use")


async def test_a_withdrawal_after_the_restart_stops_the_render(postgres, tmp_path) -> None:
    server = IdentityServer(tmp_path, database=postgres.new_database())
    async with server.open() as (identity, render):
        seen, ended = await begun(server, identity, render, steps=200)
        await postgres.stop()
        await postgres.start()
        await identity.WithdrawConsent(pb.WithdrawConsentRequest(identity=ANN))
        with expect_error(errors.ConsentWithdrawn):
            await asyncio.wait_for(ended, 120)
        assert not any(event.HasField("result") for event in seen)
        assert await held(render) == 0


async def test_a_render_ends_when_nobody_confirms_for_too_long(postgres, tmp_path) -> None:
    server = IdentityServer(tmp_path, database=postgres.new_database())
    async with server.open(identity_patience_seconds=0.5) as (identity, render):
        _, ended = await begun(server, identity, render, steps=200)
        await postgres.stop()
        with expect_error(errors.ServiceUnavailable) as caught:
            await asyncio.wait_for(ended, 120)
        assert "has not confirmed" in caught.error.message
        assert await held(render) == 0
        await postgres.start()  # so that the end of the use is heard
