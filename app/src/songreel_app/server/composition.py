"""The composition root: every service on one gRPC server in one process."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import Timeout
from prometheus_client import REGISTRY
from songreel_audio.service import create_service as create_audio
from songreel_audio.settings import AudioSettings
from songreel_gateway.service import Gateway, Targets
from songreel_gateway.settings import GatewaySettings
from songreel_gateway.web.site import running_site
from songreel_kit.artifacts.open import open_store
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import CheckpointIncomplete, FailedPrecondition
from songreel_kit.interceptors.private_services import PrivateServices
from songreel_kit.server.server import RunningServer, running_server
from songreel_kit.server.service import Service
from songreel_kit.settings import ServiceSettings, default_store
from songreel_kit.telemetry.logging import configure_logging
from songreel_kit.telemetry.tracing import traced
from songreel_prompt.service import create_service as create_prompt
from songreel_prompt.settings import PromptSettings
from songreel_prompt.wording.tokens import load_counter
from songreel_render.service import create_service as create_render
from songreel_render.settings import RenderServiceSettings

from songreel_app.errors import DataFolderBusy
from songreel_app.files.checkpoints import default_checkpoint
from songreel_app.server.missing import (
    identity_installed,
    missing_identity,
    missing_score,
    score_installed,
)
from songreel_app.server.record import ServerRecord, remove_record, write_record
from songreel_app.server.target import ServerTarget

PUBLIC = (
    "/songreel.v1.",
    "/google.longrunning.",
    # What can be rendered with; `songreel doctor` asks.
    "/songreel.render.v1.RenderService/GetRenderer",
)
"""Methods that other processes on this machine may call; the services behind them hold people's
pictures and adapters."""

Ready = Callable[[ServerRecord], None]
"""Called once, when the server answers and unfinished jobs have been taken up."""


async def serve(target: ServerTarget, port: int, ready: Ready, *, owned: bool) -> None:
    """Serves until a signal, or until stdin closes when `owned` by another process.

    The gateway reaches the other services through a channel to this very
    server, as it would in a cluster: there is one code path.

    Args:
        target: Data folder, in which one server at a time works, and where to draw.
        port: Port on the loopback interface; 0 takes a free one.
        ready: Told where the server listens.
        owned: Whether to stop when stdin closes, as it does when its owner dies.

    Raises:
        DataFolderBusy: another server has the data folder.
        FailedPrecondition: the port or the data folder cannot be used.
    """
    configure_logging()
    data = target.data
    settings = ServiceSettings(bind=f"127.0.0.1:{port}")
    store = open_store(default_store(data))
    public = GatewaySettings(data=data)
    if public.access == "checked":
        # The services call each other on this port without tokens.
        raise FailedPrecondition(
            "`songreel up` serves one person on this machine and checks no tokens: unset "
            "SONGREEL_GATEWAY_ACCESS, or serve the gateway by itself with `songreel-gateway serve`"
        )
    gateway = _gateway(public, store)
    render = _render_settings(target)
    addresses: list[str] = []  # known when the server listens
    private = PrivateServices(PUBLIC)
    services = [
        *gateway.services(),
        create_audio(AudioSettings(data=data), store, deferred=True),
        create_prompt(_prompt_settings(render), store),
        create_render(
            render,
            store,
            identity_target=lambda: addresses[0],
            headers=private.headers,
            deferred=True,
        ),
        _identity(data),
        _score(data, store),
    ]
    # The gateway counts jobs in Prometheus' own registry: one page shows both.
    async with (
        traced("songreel"),
        running_server(services, settings.server(), registry=REGISTRY, guards=[private]) as server,
    ):
        addresses.append(server.address)
        server.stop_on_signals()
        watching = asyncio.create_task(_stop_with_owner(server)) if owned else None
        try:
            async with (
                gateway.running(Targets.all(server.address, private.headers), server.budget),
                running_site(public, server.address) as page,
            ):
                record = ServerRecord(
                    server.address, server.port, os.getpid(), page=page, render=render.backend
                )
                write_record(data, record)
                ready(record)
                try:
                    await server.wait_stopped()
                finally:
                    # Before the jobs are laid down, so that nobody comes any more.
                    remove_record(data, record.pid)
        finally:
            if watching is not None:
                watching.cancel()


def _gateway(settings: GatewaySettings, store: ArtifactStore) -> Gateway:
    """The gateway, which holds the data folder from now on."""
    try:
        return Gateway(settings, store)
    except FailedPrecondition as error:
        if isinstance(error.__cause__, Timeout):
            raise DataFolderBusy(error.message, **error.metadata) from error
        raise


def _render_settings(target: ServerTarget) -> RenderServiceSettings:
    """The render service's settings, with the embedded checkpoint unless another is set."""
    chosen: dict[str, Any] = {"backend": target.backend} if target.backend else {}
    return RenderServiceSettings(data=target.data, checkpoint=default_checkpoint()[0], **chosen)


def _identity(data: Path) -> Service:
    """The identity service, or a stand-in that says how to install it."""
    if not identity_installed():
        return missing_identity()
    from songreel_identity.service import create_service
    from songreel_identity.settings import IdentitySettings

    return create_service(IdentitySettings(data=data))


def _score(data: Path, store: ArtifactStore) -> Service:
    """The score service, or a stand-in that says how to install it."""
    if not score_installed():
        return missing_score()
    from songreel_score.service import create_service
    from songreel_score.settings import ScoreSettings

    return create_service(ScoreSettings(data=data), store, deferred=True)


def _prompt_settings(render: RenderServiceSettings) -> PromptSettings:
    """The prompt service's settings; prompts fit the checkpoint that will draw them."""
    settings = PromptSettings()
    clip = settings.clip_tokenizer or _readable(render.clip_tokenizer)
    # A single file holds no tokenizer: it is measured as Stable Diffusion 1.x is.
    tokenizer = settings.tokenizer or _readable(render.checkpoint) or clip
    return settings.model_copy(update={"tokenizer": tokenizer, "clip_tokenizer": clip})


def _readable(tokenizer: Path | None) -> Path | None:
    """The folder if it has a tokenizer; the render service reports a broken one."""
    try:
        load_counter(tokenizer)
    except CheckpointIncomplete:
        return None
    return tokenizer


async def _stop_with_owner(server: RunningServer) -> None:
    """Asks for a stop when stdin ends: its other end is in the owner's hands only."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    server.request_stop()
