"""Work is pulled by whoever is free, in an order that is fair between projects."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass, field

from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.render.v1.render_service_pb2 import RenderRequest
from songreel_gateway.clients.services import RENDER
from songreel_gateway.jobs.turns.order import WaitingJob, fair_order
from songreel_gateway.service import Gateway, GatewaySettings, Targets
from songreel_kit.server.server import running_server
from songreel_kit.work_slots import WorkSlots
from songreel_testing.gateway.fake_stages import stage_services
from songreel_testing.gateway.local_gateway import Client, video_of
from songreel_testing.gateway.stage_control import StageControl
from songreel_testing.serving import serving, temporary_store


@dataclass(frozen=True)
class Drawing:
    """A render that was done."""

    song: str
    began: float
    ended: float


@dataclass
class OneRender(StageControl):
    """A process with room for one render; notes when it was at work."""

    drawn: list[Drawing] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.slots = WorkSlots(1, "renders", "NOTHING")

    def slot(self) -> AbstractContextManager[None]:
        return self.slots.hold()

    async def draws(self, request: RenderRequest) -> None:
        """Steps are tenths of a second of drawing."""
        began = time.monotonic()
        await asyncio.sleep(request.settings.steps / 10)
        await super().draws(request)
        self.drawn.append(Drawing(request.song.sha256, began, time.monotonic()))


class Processes:
    """A gateway before several processes with one render each."""

    def __init__(self, folder, count: int) -> None:
        self.folder = folder
        self.store = temporary_store(folder)
        self.controls = [OneRender(folder / f"control-{number}") for number in range(count)]
        self.stack = AsyncExitStack()
        self.songs: dict[str, str] = {}

    async def __aenter__(self) -> Processes:
        servers = [
            await self.stack.enter_async_context(
                running_server(stage_services(self.store, control))
            )
            for control in self.controls
        ]
        settings = GatewaySettings(data=self.folder / "data", event_seconds=0.001)
        gateway = Gateway(settings, self.store)
        channel = await self.stack.enter_async_context(serving(*gateway.services()))
        self.client = Client(channel)
        every = "ipv4:" + ",".join(server.address for server in servers)
        # What is before the render is no matter here.
        targets = Targets(lambda service: every if service == RENDER else servers[0].address)
        await self.stack.enter_async_context(gateway.running(targets))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stack.aclose()

    async def create(self, number: int, project: str, steps: int = 1, *, preview: bool = False):
        parent = f"projects/{project}"
        song = await self.client.upload(f"song {number} of {project}".encode(), parent=parent)
        self.songs[song.artifact.sha256] = f"{project}{number}"
        settings = RenderSettings(steps=steps, preview=preview)
        return await self.client.create(song, parent=parent, render_settings=settings)


async def test_no_process_is_idle_while_a_job_waits(tmp_path) -> None:
    async with Processes(tmp_path, 2) as processes:
        lengths = [50, 5, 5, 5, 5, 5, 5]  # a long one, then six short ones
        made = [await processes.create(n, "a", steps) for n, steps in enumerate(lengths)]
        for operation in made:
            video_of(await processes.client.wait(operation))
        drawn = [control.drawn for control in processes.controls]
    assert sum(map(len, drawn)) == len(lengths)
    # Until the last one begins, somebody waits.
    last = max(each.began for each in (*drawn[0], *drawn[1]))
    for one in drawn:
        begun = [*(each.began for each in one), last]
        idle = [after - each.ended for each, after in zip(one, begun[1:], strict=True)]
        assert max(idle) < 2.0, drawn


async def test_a_tenants_backlog_holds_nobody_up(tmp_path) -> None:
    async with Processes(tmp_path, 1) as processes:
        (control,) = processes.controls
        control.hold("render")
        backlog = [await processes.create(0, "a")]
        await processes.client.reach(backlog[0], "render", "frames")
        backlog += [await processes.create(number, "a") for number in range(1, 7)]
        small = await processes.create(0, "b")
        preview = await processes.create(0, "c", preview=True)
        for operation in (*backlog[1:], small, preview):
            await processes.client.reach(operation, "render", "waiting for render")
        control.let_go("render")
        for operation in (*backlog, small, preview):
            video_of(await processes.client.wait(operation))
        order = [processes.songs[each.song] for each in control.drawn]
    assert order == ["a0", "c0", "b0", "a1", "a2", "a3", "a4", "a5", "a6"]


def waiting(project: str, created: int, *, preview: bool = False) -> WaitingJob:
    return WaitingJob(f"{project}{created}", project, preview, created)


def test_projects_take_turns() -> None:
    jobs = [waiting("a", created) for created in range(4)]
    jobs += [waiting("b", created) for created in (10, 11)]
    assert fair_order(jobs, {}, {}) == ["a0", "b10", "a1", "b11", "a2", "a3"]
    # Two of a are at work: b has as many before it is a's turn again.
    assert fair_order(jobs, {"a": 2}, {})[:3] == ["b10", "b11", "a0"]
    # Nobody is at work: whose last turn was longest ago.
    assert fair_order(jobs, {}, {"a": 5, "b": 3})[0] == "b10"
    assert fair_order(jobs, {}, {"a": 5, "b": 7})[0] == "a0"


def test_previews_go_first_and_are_shared_alike() -> None:
    jobs = [waiting("a", 0), *(waiting("a", n, preview=True) for n in (1, 2))]
    jobs.append(waiting("b", 3, preview=True))
    assert fair_order(jobs, {}, {}) == ["a1", "b3", "a2", "a0"]
