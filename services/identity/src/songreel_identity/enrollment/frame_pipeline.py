"""One session's frames: JPEGs in, events out, seven stills after a pass.

Connects decoding, tracking and embeddings to the liveness session. Holds only the candidates
of the stills, and nothing after a verdict other than a pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from songreel_kit.errors import BadFrame, FrameOutOfOrder, TooManyFrames

from songreel_identity.faces.embeddings import Embedder, Embedding, pairwise
from songreel_identity.faces.landmarks import FrameMeasurements
from songreel_identity.faces.mediapipe_tracker import Tracker, digest_of
from songreel_identity.faces.picture_headers import jpeg_size
from songreel_identity.faces.pictures import Image, PictureLimits, check_picture, decode_picture
from songreel_identity.liveness.protocol import Event, Outcome, Reason, Verdict, Way
from songreel_identity.liveness.session import LivenessSession
from songreel_identity.liveness.thresholds import Thresholds

_MIN_SIDE = 120


@dataclass(frozen=True)
class FrameLimits:
    """What a client may send."""

    bytes: int = 1_000_000
    """Of one JPEG."""
    pixels: int = 1920 * 1080
    """Of one frame."""
    frames: int = 6000
    """In a session."""
    lateness: float = 1.5
    """Seconds that a frame may arrive later than the fastest one."""
    drift: float = 0.005
    """Relative difference allowed between the camera's clock and the server's: a crystal's is
    .0001."""
    predated: float = 0.15
    """Seconds before its arrival that a frame may claim, beyond what the quickest one took. It
    evens out the network's jitter; nobody gains more than this by stamping frames earlier."""

    @property
    def picture(self) -> PictureLimits:
        """The part of it that the decoder keeps."""
        return PictureLimits(bytes=self.bytes, pixels=self.pixels)


@dataclass(frozen=True)
class Still:
    """One of the seven pictures."""

    jpeg: bytes
    sha256: str
    embedding: Embedding


@dataclass(frozen=True)
class _Candidate:
    jpeg: bytes
    box: tuple[float, float, float, float]


class EnrollmentFramePipeline:
    """Decodes, measures and judges the frames of one session. Not thread-safe."""

    def __init__(
        self,
        tracker: Tracker,
        embedder: Embedder,
        random: Random,
        ways: frozenset[Way] = frozenset(),
        thresholds: Thresholds | None = None,
        limits: FrameLimits | None = None,
        decode: Callable[[bytes], Image] | None = None,
    ) -> None:
        """Frames are decoded by `decode`, in this process unless it is given."""
        self.session = LivenessSession(random, ways, thresholds)
        self._tracker = tracker
        self._embedder = embedder
        self._limits = limits or FrameLimits()
        self._decode = decode or self._decode_here
        self._clock = CameraClock(self._limits)
        self._count = 0
        self._candidates: dict[int, _Candidate] = {}
        self.stills: list[Still] = []
        """The seven pictures of a passed session."""

    @property
    def outcome(self) -> Outcome | None:
        """The verdict; None while the session goes on."""
        return self.session.outcome

    @property
    def held_bytes(self) -> int:
        """Bytes of the pictures held now."""
        return sum(len(each.jpeg) for each in self._candidates.values())

    def start(self, now: float) -> list[Event]:
        """Begins; returns the first prompt. `now` is in seconds on a monotonic clock."""
        return self.session.start(now)

    def tick(self, now: float) -> list[Event]:
        """Lets time pass."""
        return self._settle(self.session.tick(now))

    def take(self, jpeg: bytes, capture_ms: int, now: float) -> list[Event]:
        """Handles one frame that arrived at `now`.

        Raises:
            BadFrame: not a JPEG that can be decoded.
            FrameTooLarge: too many bytes or pixels.
            TooManyFrames: more than a session may have.
            FrameOutOfOrder: not taken later than the frame before.
        """
        if self.outcome is not None:
            return []
        self._count += 1
        if self._count > self._limits.frames:
            raise TooManyFrames(
                f"a session takes {self._limits.frames} frames: send 10 to 30 a second"
            )
        at, fault = self._clock.place(capture_ms, now)
        if fault is not None:
            return self.abandon(fault)
        measurements = self._tracker.read(
            decode_frame(jpeg, self._decode),
            frame=self._count,
            at=at,
            digest=digest_of(jpeg),
            hands=self.session.wants_hands,
        )
        events = self.session.process_frame(measurements)
        self._keep(jpeg, measurements)
        return self._settle(events)

    def abandon(self, reason: Reason) -> list[Event]:
        """Ends the session from outside."""
        events = self.session.abandon(reason)
        self._candidates.clear()
        return events

    def _keep(self, jpeg: bytes, measurements: FrameMeasurements) -> None:
        wanted = self.session.wanted
        if measurements.frame in wanted and measurements.face is not None:
            low, high = measurements.face.oval.min(axis=0), measurements.face.oval.max(axis=0)
            box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
            self._candidates[measurements.frame] = _Candidate(jpeg, box)
        for frame in [each for each in self._candidates if each not in wanted]:
            del self._candidates[frame]

    def _settle(self, events: list[Event]) -> list[Event]:
        if self.session.comparing:
            stills = [self._describe(self._candidates[f]) for f in self.session.stills]
            events = events + self.session.conclude(pairwise([s.embedding for s in stills]))
            if self.outcome is not None and self.outcome.verdict is Verdict.PASS:
                self.stills = stills
        if self.outcome is not None:
            self._candidates.clear()
        return events

    def _decode_here(self, jpeg: bytes) -> Image:
        check_picture(jpeg, self._limits.picture)
        return decode_picture(jpeg)

    def _describe(self, candidate: _Candidate) -> Still:
        image = decode_frame(candidate.jpeg, self._decode)
        embedding = self._embedder.embed(image, candidate.box)
        return Still(candidate.jpeg, hashlib.sha256(candidate.jpeg).hexdigest(), embedding)


class CameraClock:
    """Places frames on the server's clock, by when they arrive.

    The camera's times order them, and even out how unevenly they arrive; they are the client's
    word, and answers are judged by how late they come.
    """

    def __init__(self, limits: FrameLimits) -> None:
        self._limits = limits
        self._first: tuple[float, float] | None = None
        self._offset = float("inf")
        self._last_ms: int | None = None
        self._last_at = float("-inf")
        self._late = 0

    def place(self, capture_ms: int, now: float) -> tuple[float, Reason | None]:
        """Returns when the frame was taken, on the server's clock, and what is wrong with it.

        Raises `FrameOutOfOrder`.
        """
        if self._last_ms is not None and capture_ms <= self._last_ms:
            raise FrameOutOfOrder(
                f"frame of {capture_ms} ms after one of {self._last_ms} ms: send frames in the "
                "order they were taken, each once"
            )
        self._last_ms = capture_ms
        taken = capture_ms / 1000
        if self._first is None:
            self._first = (taken, now)
        # The quickest frame so far had the least delay.
        self._offset = min(self._offset, now - taken)
        camera, server = taken - self._first[0], now - self._first[1]
        slack = self._limits.lateness + self._limits.drift * server
        if camera > server + slack:
            return now, Reason.CLOCK
        if camera < server - slack:
            self._late += 1
            return now, Reason.SLOW_LINK if self._late > 3 else None
        claimed = max(taken + self._offset, now - self._limits.predated)
        # Frames that arrive at the same moment keep their order.
        self._last_at = max(claimed, self._last_at + 1e-4)
        return self._last_at, None


def decode_frame(jpeg: bytes, decode: Callable[[bytes], Image]) -> Image:
    """Decodes a JPEG to RGB with `decode`; checks its header before any pixel is decoded.

    Raises `BadFrame`, `FrameTooLarge`.
    """
    width, height = jpeg_size(jpeg)
    if min(width, height) < _MIN_SIDE:
        raise BadFrame(f"a frame of {width}x{height} is too small: send 640x480")
    return decode(jpeg)
