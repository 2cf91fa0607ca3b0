"""Runs one enrolment over a stream: the clock, the threads and the limits around a pipeline."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

from songreel_kit.errors import Busy, SongreelError, StreamStalled

from songreel_identity.enrollment.frame_pipeline import EnrollmentFramePipeline, FrameLimits
from songreel_identity.enrollment.frame_queue import ClientMessage, FrameQueue
from songreel_identity.enrollment.sessions import EnrollmentSessions, StartedSession, stills_sha256
from songreel_identity.faces.embeddings import Embedder
from songreel_identity.faces.mediapipe_tracker import MediaPipeTracker, Tracker
from songreel_identity.faces.pictures import PictureDecoder
from songreel_identity.liveness.protocol import Event, Outcome, Reason, Verdict, Way
from songreel_identity.liveness.thresholds import Thresholds

_TICK_SECONDS = 0.05


@dataclass(frozen=True)
class EnrollmentResult:
    """The end of a session."""

    outcome: Outcome
    pictures_sha256: str
    """Of the seven pictures' hashes; empty unless it is a pass."""


class EnrollmentStream:
    """Runs enrolments, a limited number at once.

    Args:
        sessions: of the vault.
        thresholds: what the liveness protocol decides by.
        max_sessions: enrolments at once; each takes about one CPU core.
        stall_seconds: how long a client may send nothing.
        new_tracker: makes the tracker of a session.
        random: makes the source of what a session asks for.
        limits: on what a client may send.
    """

    def __init__(
        self,
        sessions: EnrollmentSessions,
        thresholds: Thresholds | None = None,
        *,
        max_sessions: int = 4,
        stall_seconds: float = 10.0,
        new_tracker: Callable[[], Tracker] = MediaPipeTracker,
        random: Callable[[], Random] = secrets.SystemRandom,
        limits: FrameLimits | None = None,
    ) -> None:
        self._sessions = sessions
        self._thresholds = thresholds
        self._max_sessions = max_sessions
        self._stall_seconds = stall_seconds
        self._new_tracker = new_tracker
        self._random = random
        self._limits = limits or FrameLimits()
        self._running = 0

    async def run(
        self, messages: AsyncIterator[ClientMessage]
    ) -> AsyncGenerator[Event | EnrollmentResult]:
        """Yields prompts, guidance, dot and light, and the result as the last one.

        Raises `Busy`, `SessionSpent`, `ApprovalNeeded`, `LockedOut`, `ConsentWithdrawn`,
        `StreamStalled`, `BadFrame`, `FrameTooLarge`, `FrameOutOfOrder`, `TooManyFrames`,
        `InvalidRequest`.
        """
        queue = FrameQueue(messages, self._limits, self._stall_seconds)
        start = await queue.start()
        # A place is for those who may begin; one who finds none has not tried yet.
        await asyncio.to_thread(self._sessions.check, start.nonce, start.identity, start.ways)
        if self._running >= self._max_sessions:
            raise Busy("too many people are enrolling at once: try again in a minute")
        self._running += 1
        try:
            session = await asyncio.to_thread(
                self._sessions.begin, start.nonce, start.identity, start.ways
            )
            async with contextlib.aclosing(self._run_session(queue, start.ways, session)) as events:
                async for event in events:
                    yield event
        finally:
            self._running -= 1

    async def _run_session(
        self, queue: FrameQueue, ways: frozenset[Way], session: StartedSession
    ) -> AsyncGenerator[Event | EnrollmentResult]:
        loop = asyncio.get_running_loop()
        # MediaPipe and dlib are not thread-safe: each session has one thread of its own.
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="songreel-enroll")
        decoder = PictureDecoder(self._limits.picture)
        filling = asyncio.create_task(queue.fill())
        tracker: Tracker | None = None
        pipeline: EnrollmentFramePipeline | None = None
        recorded = False
        try:
            tracker = opened = await loop.run_in_executor(pool, self._new_tracker)
            embedder = await loop.run_in_executor(pool, Embedder)
            pipeline = EnrollmentFramePipeline(
                opened,
                embedder,
                self._random(),
                ways,
                self._thresholds,
                self._limits,
                decoder.decode,
            )
            for event in pipeline.start(loop.time()):
                yield event
            while pipeline.outcome is None:
                for event in await self._turn(loop, pool, queue, pipeline):
                    if not isinstance(event, Outcome):
                        yield event
            outcome, stills = pipeline.outcome, pipeline.stills
            recorded = True
            await asyncio.to_thread(self._sessions.end, session, outcome, stills)
            pictures = stills_sha256(stills) if outcome.verdict is Verdict.PASS else ""
            yield EnrollmentResult(outcome, pictures)
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
                    self._sessions.end(session, pipeline.outcome, [])
            pool.submit(decoder.close)
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
        """Handles the next frame or tick."""
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
                async with asyncio.timeout(_TICK_SECONDS):
                    await queue.changed.wait()
            events = list[Event]()
        return events + await loop.run_in_executor(pool, pipeline.tick, loop.time())
