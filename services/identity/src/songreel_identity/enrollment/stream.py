"""Runs one enrolment over a stream: the clock, the threads and the limits around a pipeline."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

from songreel.identity.v1 import identity_service_pb2 as pb
from songreel_kit.errors import (
    Busy,
    InvalidRequest,
    SongreelError,
    StreamStalled,
)

from songreel_identity.enrollment.frame_pipeline import EnrollmentFramePipeline, FrameLimits
from songreel_identity.enrollment.frame_queue import FrameQueue
from songreel_identity.enrollment.messages import event_message, outcome_message
from songreel_identity.enrollment.sessions import EnrollmentSessions, StartedSession, stills_sha256
from songreel_identity.faces.embeddings import Embedder
from songreel_identity.faces.mediapipe_tracker import MediaPipeTracker, Tracker
from songreel_identity.liveness.protocol import Event, Outcome, Reason, Verdict, Way
from songreel_identity.settings import IdentitySettings

TICK_SECONDS = 0.05


class EnrollmentStream:
    """Takes enrolments, as many at once as the settings say."""

    def __init__(
        self,
        settings: IdentitySettings,
        enrollment_sessions: EnrollmentSessions,
        *,
        new_tracker: Callable[[], Tracker] = MediaPipeTracker,
        random: Callable[[], Random] = secrets.SystemRandom,
        limits: FrameLimits | None = None,
    ) -> None:
        self._settings = settings
        self._enrollment_sessions = enrollment_sessions
        self._new_tracker = new_tracker
        self._random = random
        self._limits = limits or FrameLimits()
        self._running = 0

    async def run(
        self, requests: AsyncIterator[pb.EnrollRequest]
    ) -> AsyncGenerator[pb.EnrollResponse]:
        """Prompts, guidance, and one outcome as the last message.

        Raises `Busy`, `SessionSpent`, `LockedOut`, `ConsentWithdrawn`, `StreamStalled`,
        `BadFrame`, `FrameTooLarge`, `FrameOutOfOrder`, `TooManyFrames`, `InvalidRequest`.
        """
        if self._running >= self._settings.max_sessions:
            raise Busy("as many people are enrolling as this server takes: try again in a minute")
        self._running += 1
        try:
            queue = FrameQueue(requests, self._limits, self._settings.stall_seconds)
            start = await queue.start()
            ways = _ways(list(start.ways))
            session = await asyncio.to_thread(
                self._enrollment_sessions.begin, start.nonce, start.identity
            )
            async with contextlib.aclosing(self._run_session(queue, ways, session)) as messages:
                async for message in messages:
                    yield message
        finally:
            self._running -= 1

    async def _run_session(
        self, queue: FrameQueue, ways: frozenset[Way], session: StartedSession
    ) -> AsyncGenerator[pb.EnrollResponse]:
        loop = asyncio.get_running_loop()
        # MediaPipe and dlib are not thread-safe: each session has one thread of its own.
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="songreel-enroll")
        filling = asyncio.create_task(queue.fill())
        tracker: Tracker | None = None
        pipeline: EnrollmentFramePipeline | None = None
        recorded = False
        try:
            tracker = opened = await loop.run_in_executor(pool, self._new_tracker)
            embedder = await loop.run_in_executor(pool, Embedder)
            thresholds = self._settings.liveness
            pipeline = EnrollmentFramePipeline(
                opened, embedder, self._random(), ways, thresholds, self._limits
            )
            for event in pipeline.start(loop.time()):
                yield event_message(event)
            while pipeline.outcome is None:
                for event in await self._turn(loop, pool, queue, pipeline):
                    if not isinstance(event, Outcome):
                        yield event_message(event)
            outcome, stills = pipeline.outcome, pipeline.stills
            recorded = True
            await asyncio.to_thread(self._enrollment_sessions.end, session, outcome, stills)
            pictures = stills_sha256(stills) if outcome.verdict is Verdict.PASS else ""
            yield pb.EnrollResponse(outcome=outcome_message(outcome, pictures))
        except SongreelError as error:
            if pipeline is not None and pipeline.outcome is None:
                stalled = isinstance(error, StreamStalled)
                pipeline.abandon(Reason.STALLED if stalled else Reason.BROKEN)
            raise
        finally:
            filling.cancel()
            if pipeline is not None and pipeline.outcome is None:
                pipeline.abandon(Reason.LEFT)
            if pipeline is not None and pipeline.outcome is not None and not recorded:
                # Not in a thread: nothing may come between a cancelled call and its record.
                with contextlib.suppress(SongreelError):
                    self._enrollment_sessions.end(session, pipeline.outcome, [])
            if tracker is not None:
                pool.submit(tracker.close)
            pool.shutdown(wait=False)
            with contextlib.suppress(asyncio.CancelledError):
                await filling

    async def _turn(
        self,
        loop: asyncio.AbstractEventLoop,
        pool: ThreadPoolExecutor,
        queue: FrameQueue,
        pipeline: EnrollmentFramePipeline,
    ) -> list[Event]:
        """Handles the next frame, or lets a tick pass."""
        queued = queue.take()
        if queued is not None:
            frame, at = queued.frame, queued.at
            events = await loop.run_in_executor(
                pool, pipeline.take, frame.jpeg, frame.capture_ms, at
            )
        elif queue.ended:
            return pipeline.abandon(Reason.LEFT)
        else:
            queue.changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await queue.changed.wait()
            events = list[Event]()
        return events + await loop.run_in_executor(pool, pipeline.tick, loop.time())


def _ways(names: list[str]) -> frozenset[Way]:
    known = {way.value for way in Way}
    for name in names:
        if name not in known:
            raise InvalidRequest(f"{name!r} is no accessible way: {', '.join(sorted(known))}")
    return frozenset(Way(name) for name in names)
