"""Segments spread over workers that are lost, full or cancelled: real drawing, without Ray."""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import songreel_render
from songreel_kit.errors import Aborted, Busy, Cancelled, LoraUnusable, ServiceUnavailable
from songreel_kit.work import CancelToken
from songreel_render.backends.segment_worker import DrawnSegment, Painter
from songreel_render.backends.segments import SegmentDrawing
from songreel_render.backends.task_pool import ATTEMPTS, QueueFull, Spread, WorkerLost
from songreel_render.plan.planner import PreparedRender, RenderJob
from songreel_testing.render.tiny_checkpoint import (
    Stage,
    analysis_of,
    even_scenes,
    ignore,
    storyboard_of,
)


class Desk:
    """Gives parts to threads; `meddle` is asked before each part is done."""

    def __init__(self, work: Callable[[int], Any], meddle: Callable[[int], None]) -> None:
        self._pool = ThreadPoolExecutor(4)
        self._work, self._meddle = work, meddle
        self.given: list[int] = []
        self.cancelled: list[int] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def give(self, part: int) -> Ticket:
        with self._lock:
            self.given.append(part)
            self._now += 1
            self.most = max(self.most, self._now)
        return Ticket(self, part, self._pool.submit(self._do, part))

    def _do(self, part: int) -> Any:
        try:
            self._meddle(part)
            return self._work(part)
        finally:
            with self._lock:
                self._now -= 1


class Ticket:
    def __init__(self, desk: Desk, part: int, future: Future[Any]) -> None:
        self._desk, self._part, self._future = desk, part, future

    def result(self) -> Any:
        return self._future.result(timeout=60)

    def cancel(self) -> None:
        self._desk.cancelled.append(self._part)


def nothing(part: int) -> None:
    pass


def prepare(stage: Stage, song: Path, **settings: object) -> PreparedRender:
    request = stage.request(
        song, analysis_of(2.0), storyboard_of(*even_scenes(2.0)), steps=1, **settings
    )
    job = RenderJob(request.song, request.analysis, request.storyboard, request.settings)
    return stage.renderer.prepare(job, ignore, CancelToken())


def test_segments_of_two_painters_one_of_them_lost_are_the_same_frames(
    stage: Stage, tmp_path: Path, checkpoint: Path, song: Path
) -> None:
    prepared = prepare(stage, song)
    painters = [Painter(stage.settings, stage.store, name) for name in ("one", "two")]
    for painter in painters:
        # Elsewhere each is a process of its own: diffusers cannot load twice at the same time.
        painter.load(prepared.reference)
    losses = iter([1])

    def lose_the_first_try(part: int) -> None:
        if part == 1 and next(losses, None):
            raise WorkerLost("killed")

    def draw(part: int) -> DrawnSegment:
        return painters[part % 2].segment(prepared.reference, part, CancelToken())

    drawing = SegmentDrawing(stage.settings, stage.store, prepared.plan)
    by: dict[int, str] = {}

    def done(part: int, drawn: DrawnSegment) -> None:
        drawing.take(part, drawn.artifact)
        assert drawn.denoised > 0
        by[part] = drawn.painter

    desk = Desk(draw, lose_the_first_try)
    Spread(desk.give, 2, done).run([each.index for each in drawing.missing], CancelToken())
    assert sorted(desk.given) == [0, 1, 1, 2, 3]
    assert by == {0: "one", 1: "two", 2: "one", 3: "two"}
    assert desk.most <= 2

    result = stage.renderer.render(prepared, ignore, CancelToken())
    assert result.frames_reused == result.frames == 24
    alone = Stage(tmp_path / "alone", checkpoint)
    whole = alone.renderer.render(prepare(alone, song), ignore, CancelToken())
    assert stage.film(result.video).sha256 == alone.film(whole.video).sha256


def test_a_painter_that_would_draw_other_frames_refuses(
    stage: Stage, checkpoint: Path, song: Path
) -> None:
    prepared = prepare(stage, song)
    other = stage.settings.model_copy(update={"batch_frames": 2})
    with pytest.raises(Aborted, match="batch 2"):
        Painter(other, stage.store).segment(prepared.reference, 0, CancelToken())


def test_a_part_that_is_always_lost_is_not_tried_for_ever() -> None:
    def lose(part: int) -> None:
        raise WorkerLost("out of memory")

    desk = Desk(nothing, lose)
    with pytest.raises(ServiceUnavailable, match="out of memory"):
        Spread(desk.give, 2, lambda part, result: None).run([7], CancelToken())
    assert desk.given == [7] * ATTEMPTS


def test_a_full_queue_narrows_a_render_and_refuses_one_without_a_place() -> None:
    places = threading.Semaphore(2)

    def hold_a_place(part: int) -> None:
        if not places.acquire(blocking=False):
            raise QueueFull("full")

    def leave(part: int) -> int:
        places.release()
        return part

    drawn: list[int] = []
    desk = Desk(leave, hold_a_place)
    Spread(desk.give, 4, lambda part, result: drawn.append(part)).run(range(20), CancelToken())
    assert sorted(drawn) == list(range(20))

    places = threading.Semaphore(0)
    with pytest.raises(Busy, match="SONGREEL_RENDER_RAY_MAX_QUEUED") as caught:
        Spread(desk.give, 4, lambda part, result: None).run([1], CancelToken())
    assert caught.value.retry_seconds


def test_an_error_or_a_cancel_ends_the_parts_under_way() -> None:
    token, ended = CancelToken(), threading.Event()

    def wait_for_the_end(part: int) -> None:
        if part == 0:
            ended.wait(60)

    class Watched(Desk):
        def give(self, part: int) -> Ticket:
            ticket = super().give(part)
            plain = ticket.cancel
            ticket.cancel = lambda: (plain(), ended.set())  # type: ignore[method-assign]
            return ticket

    def refuse(part: int) -> None:
        if part == 1:
            raise LoraUnusable("no such layers")

    desk = Watched(refuse, wait_for_the_end)
    with pytest.raises(LoraUnusable):
        Spread(desk.give, 2, lambda part, result: None).run([0, 1, 2], token)
    assert 0 in desk.cancelled

    ended.clear()
    desk = Watched(nothing, wait_for_the_end)
    with pytest.raises(Cancelled):
        Spread(desk.give, 2, lambda part, result: token.cancel()).run([0, 1, 2, 3], token)
    assert 0 in desk.cancelled


def test_only_the_ray_backend_imports_ray() -> None:
    folder = Path(songreel_render.__file__).parent
    for path in folder.rglob("*.py"):
        names = {
            name.partition(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert ("ray" not in names) or path.parent.name == "ray", path
