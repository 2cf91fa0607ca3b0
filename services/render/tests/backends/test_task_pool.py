"""Tasks on workers that are lost, full or cancelled: real drawing, without Ray."""

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
from songreel_render.backends.segment_worker import DrawnSegment, SegmentWorker
from songreel_render.backends.segments import SegmentDrawing
from songreel_render.backends.task_pool import ATTEMPTS, QueueFull, TaskPool, WorkerLost
from songreel_render.plan.planner import PreparedRender, RenderJob
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.harness import RenderHarness, ignore
from songreel_testing.render.storyboards import equal_scenes, storyboard_of


class ThreadWorkers:
    """Runs tasks in threads; `interfere` is asked before each task is done."""

    def __init__(self, work: Callable[[int], Any], interfere: Callable[[int], None]) -> None:
        self._pool = ThreadPoolExecutor(4)
        self._work, self._interfere = work, interfere
        self.submitted: list[int] = []
        self.cancelled: list[int] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def submit(self, task: int) -> ThreadFuture:
        with self._lock:
            self.submitted.append(task)
            self._now += 1
            self.most = max(self.most, self._now)
        return ThreadFuture(self, task, self._pool.submit(self._do, task))

    def _do(self, task: int) -> Any:
        try:
            self._interfere(task)
            return self._work(task)
        finally:
            with self._lock:
                self._now -= 1


class ThreadFuture:
    def __init__(self, workers: ThreadWorkers, task: int, future: Future[Any]) -> None:
        self._workers, self._task, self._future = workers, task, future

    def result(self) -> Any:
        return self._future.result(timeout=60)

    def cancel(self) -> None:
        self._workers.cancelled.append(self._task)


def nothing(task: int) -> None:
    pass


def prepare(harness: RenderHarness, song: Path, **settings: object) -> PreparedRender:
    request = harness.request(
        song, analysis_of(2.0), storyboard_of(*equal_scenes(2.0)), steps=1, **settings
    )
    job = RenderJob(request.song, request.analysis, request.storyboard, request.settings)
    return harness.renderer.prepare(job, ignore, CancelToken())


def test_segments_of_two_workers_one_of_them_lost_are_the_same_frames(
    harness: RenderHarness, tmp_path: Path, checkpoint: Path, song: Path
) -> None:
    prepared = prepare(harness, song)
    segment_workers = [
        SegmentWorker(harness.settings, harness.store, name) for name in ("one", "two")
    ]
    for worker in segment_workers:
        # Elsewhere each is a process of its own: diffusers cannot load twice at the same time.
        worker.load(prepared.reference)
    losses = iter([1])

    def lose_the_first_try(task: int) -> None:
        if task == 1 and next(losses, None):
            raise WorkerLost("killed")

    def draw(task: int) -> DrawnSegment:
        return segment_workers[task % 2].segment(prepared.reference, task, CancelToken())

    drawing = SegmentDrawing(harness.settings, harness.store, prepared.plan)
    by: dict[int, str] = {}

    def done(task: int, drawn: DrawnSegment) -> None:
        drawing.take(task, drawn.artifact)
        assert drawn.denoised > 0
        by[task] = drawn.worker

    workers = ThreadWorkers(draw, lose_the_first_try)
    TaskPool(workers.submit, 2, done).run([each.index for each in drawing.missing], CancelToken())
    assert sorted(workers.submitted) == [0, 1, 1, 2, 3]
    assert by == {0: "one", 1: "two", 2: "one", 3: "two"}
    assert workers.most <= 2

    result = harness.renderer.render(prepared, ignore, CancelToken())
    assert result.frames_reused == result.frames == 24
    alone = RenderHarness(tmp_path / "alone", checkpoint)
    whole = alone.renderer.render(prepare(alone, song), ignore, CancelToken())
    assert harness.decode(result.video).sha256 == alone.decode(whole.video).sha256


def test_a_worker_that_would_draw_other_frames_refuses(
    harness: RenderHarness, checkpoint: Path, song: Path
) -> None:
    prepared = prepare(harness, song)
    other = harness.settings.model_copy(update={"batch_frames": 2})
    with pytest.raises(Aborted, match="batch 2"):
        SegmentWorker(other, harness.store).segment(prepared.reference, 0, CancelToken())


def test_a_task_that_is_always_lost_is_not_tried_for_ever() -> None:
    def lose(task: int) -> None:
        raise WorkerLost("out of memory")

    workers = ThreadWorkers(nothing, lose)
    with pytest.raises(ServiceUnavailable, match="out of memory"):
        TaskPool(workers.submit, 2, lambda task, result: None).run([7], CancelToken())
    assert workers.submitted == [7] * ATTEMPTS


def test_a_full_queue_narrows_a_render_and_refuses_one_without_a_place() -> None:
    places = threading.Semaphore(2)

    def hold_a_place(task: int) -> None:
        if not places.acquire(blocking=False):
            raise QueueFull("full")

    def leave(task: int) -> int:
        places.release()
        return task

    drawn: list[int] = []
    workers = ThreadWorkers(leave, hold_a_place)
    TaskPool(workers.submit, 4, lambda task, result: drawn.append(task)).run(
        range(20), CancelToken()
    )
    assert sorted(drawn) == list(range(20))

    places = threading.Semaphore(0)
    with pytest.raises(Busy, match="SONGREEL_RENDER_RAY_MAX_QUEUED") as caught:
        TaskPool(workers.submit, 4, lambda task, result: None).run([1], CancelToken())
    assert caught.value.retry_seconds


def test_an_error_or_a_cancel_ends_the_tasks_under_way() -> None:
    token, ended = CancelToken(), threading.Event()

    def wait_for_the_end(task: int) -> None:
        if task == 0:
            ended.wait(60)

    class Watched(ThreadWorkers):
        def submit(self, task: int) -> ThreadFuture:
            future = super().submit(task)
            plain = future.cancel
            future.cancel = lambda: (plain(), ended.set())  # type: ignore[method-assign]
            return future

    def refuse(task: int) -> None:
        if task == 1:
            raise LoraUnusable("no such layers")

    workers = Watched(refuse, wait_for_the_end)
    with pytest.raises(LoraUnusable):
        TaskPool(workers.submit, 2, lambda task, result: None).run([0, 1, 2], token)
    assert 0 in workers.cancelled

    ended.clear()
    workers = Watched(nothing, wait_for_the_end)
    with pytest.raises(Cancelled):
        TaskPool(workers.submit, 2, lambda task, result: token.cancel()).run([0, 1, 2, 3], token)
    assert 0 in workers.cancelled


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
