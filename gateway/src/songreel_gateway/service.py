"""The gateway put together.

    gateway = Gateway(settings, store)
    async with running_server([*gateway.services(), ...], ...) as server:
        async with gateway.running(Targets.all(server.address)):
            await server.wait_stopped()

The gateway calls the stages through channels, also when they are on its own
server; so its jobs begin after that server serves and are laid down before it stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from google.longrunning.operations_pb2_grpc import add_OperationsServicer_to_server
from songreel.v1.access_service_pb2_grpc import add_AccessServiceServicer_to_server
from songreel.v1.identity_service_pb2_grpc import add_IdentityServiceServicer_to_server
from songreel.v1.media_service_pb2_grpc import add_MediaServiceServicer_to_server
from songreel.v1.video_service_pb2_grpc import add_VideoServiceServicer_to_server
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import ServiceUnavailable
from songreel_kit.interceptors.chain import Interceptor
from songreel_kit.server.service import Service
from songreel_kit.stopping import StopBudget

from songreel_gateway.access.control import Access
from songreel_gateway.access.retention import Retention
from songreel_gateway.clients.services import Targets
from songreel_gateway.clients.stage_clients import StageClients
from songreel_gateway.db.folder_lock import FolderLock
from songreel_gateway.db.schema import open_database
from songreel_gateway.jobs.event_poller import poll_events
from songreel_gateway.jobs.event_stream import EventStream
from songreel_gateway.jobs.job_metrics import counted
from songreel_gateway.jobs.notifications import Notifications
from songreel_gateway.jobs.pipeline import Pipeline
from songreel_gateway.jobs.repository import JobRepository
from songreel_gateway.jobs.runner import JobRunner
from songreel_gateway.jobs.stages.stage import Stage
from songreel_gateway.jobs.stages.table import STAGES
from songreel_gateway.jobs.steps import RunnerDependencies
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.servicers.access_servicer import AccessServicer
from songreel_gateway.servicers.identity_servicer import IdentityServicer
from songreel_gateway.servicers.media_servicer import MediaServicer
from songreel_gateway.servicers.operations_servicer import OperationsServicer
from songreel_gateway.servicers.video_erasure import VideoEraser
from songreel_gateway.servicers.video_servicer import VideoServicer
from songreel_gateway.settings import GatewaySettings
from songreel_gateway.storyboards.editing import StoryboardEditor
from songreel_gateway.storyboards.repository import StoryboardRepository
from songreel_gateway.videos.repository import VideoRepository

__all__ = ["Gateway", "GatewaySettings", "Targets"]

# How long a call waits for the runner, which starts right after the server.
_START_SECONDS = 10.0

# What a stop without a server's budget has besides `grace_seconds`.
_TIDY_SECONDS = 4.0


class Gateway:
    """One gateway on one data folder; at most one is at work in a process."""

    def __init__(
        self, settings: GatewaySettings, store: ArtifactStore, stages: Sequence[Stage] = STAGES
    ) -> None:
        """Locks the data folder and opens the database.

        Args:
            settings: Its own, and where the services are.
            store: Artifacts, shared with the services.
            stages: That jobs may have, in order.

        Raises `FailedPrecondition` when another process works in the folder, or folder
        or database cannot be used; `DiskFull`.
        """
        self._settings = settings
        self._store = store
        self._stages = stages
        self._lock = FolderLock(settings.data)
        try:
            self._database = open_database(
                settings.database(), connections=settings.database_connections
            )
            self._access = Access(settings, settings.data, self._database)
        except BaseException:
            self._lock.release()
            raise
        self._notifications = Notifications()
        self._jobs = JobRepository(
            self._database,
            self._notifications,
            max_open=settings.max_open_jobs,
            quotas=self._access.quotas,
        )
        self._retention = Retention(settings.retention_days)
        self._media = MediaRepository(self._database, self._retention)
        self._identities = IdentityServicer(settings, self._database)
        eraser = VideoEraser(settings, self._database, store, self._jobs, self._at_work)
        self._identities.erase_videos = eraser.erase
        if self._access.guard is not None:
            self._access.guard.on_foreign = self._identities.note_refusal
        self._runner: JobRunner | None = None
        self._started = asyncio.Event()
        self._stopping = False

    def services(self) -> list[Service]:
        """The gateway's gRPC services; the last one's `close` closes the gateway."""
        settings, jobs = self._settings, self._jobs
        stream = EventStream(jobs, self._notifications)
        access = AccessServicer(self._access.keys, self._access.tokens, self._access.quotas)
        media = MediaServicer(settings, self._store, self._media, self._access.quotas)
        storyboards = StoryboardRepository(self._database, self._media, self._access.quotas)
        editor = StoryboardEditor(storyboards, self._store, self._clients, settings.page_size)
        videos = VideoServicer(
            settings,
            jobs,
            self._media,
            VideoRepository(self._database, self._retention),
            editor,
            stream,
            self._at_work,
            self._identities.note_refusal,
        )
        operations = OperationsServicer(settings, jobs, stream, self._at_work)
        return [
            Service(
                "songreel.v1.AccessService", partial(add_AccessServiceServicer_to_server, access)
            ),
            Service("songreel.v1.MediaService", partial(add_MediaServiceServicer_to_server, media)),
            Service(
                "songreel.v1.IdentityService",
                partial(add_IdentityServiceServicer_to_server, self._identities),
            ),
            Service(
                "songreel.v1.VideoService", partial(add_VideoServiceServicer_to_server, videos)
            ),
            Service(
                "google.longrunning.Operations",
                partial(add_OperationsServicer_to_server, operations),
                self.close,
            ),
        ]

    def guards(self, *binds: str) -> list[Interceptor]:
        """What its server on these addresses puts before all methods.

        Raises `FailedPrecondition` for an address that others reach while access is open.
        """
        return self._access.guards(*binds)

    @asynccontextmanager
    async def running(
        self, targets: Targets, budget: StopBudget | None = None
    ) -> AsyncGenerator[None]:
        """Works on jobs inside the `with` block, first of all on those left unfinished.

        At its end the jobs are laid down for the next start, and watchers are told to
        come back.

        Args:
            targets: Where the services are.
            budget: The server's, where its stop is what ends the block.
        """
        budget = budget or StopBudget(self._settings.grace_seconds + _TIDY_SECONDS)
        services = {each for stage in self._stages for each in stage.services}
        clients = StageClients(services, targets, self._settings)
        try:
            runner = JobRunner(
                RunnerDependencies(
                    self._settings,
                    self._database,
                    self._notifications,
                    self._store,
                    clients,
                    Pipeline(self._stages),
                )
            )
            await runner.start()
            polling = asyncio.create_task(
                poll_events(self._jobs, self._notifications, self._settings.poll_seconds)
            )
            try:
                self._runner = runner
                self._started.set()
                with counted(self._database):
                    async with (
                        self._identities.connected(targets),
                        self._access.counting(),
                    ):
                        yield
            finally:
                self._stopping = True
                polling.cancel()
                self._runner = None
                self._notifications.close()
                await runner.stop(budget)
        finally:
            await clients.close()

    async def close(self) -> None:
        """Closes the database and lets go of the data folder."""
        await self._access.close()
        await asyncio.to_thread(self._database.close)
        self._lock.release()

    async def _clients(self) -> StageClients:
        return (await self._at_work()).clients

    async def _at_work(self) -> JobRunner:
        """The runner, waited for while it starts. Raises `ServiceUnavailable`."""
        if not self._stopping:
            with suppress(TimeoutError):
                async with asyncio.timeout(_START_SECONDS):
                    await self._started.wait()
        if self._runner is None:
            raise ServiceUnavailable("this server is starting or stopping: ask again in a moment")
        return self._runner
