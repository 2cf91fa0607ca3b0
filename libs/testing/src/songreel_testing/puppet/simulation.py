"""Runs a sitting in simulated time: the real tracker and protocol, a rendered camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from random import Random

import cv2
import numpy as np
from songreel_identity.enrollment.frame_pipeline import EnrollmentFramePipeline
from songreel_identity.faces.embeddings import Embedder
from songreel_identity.faces.mediapipe_tracker import MediaPipeTracker
from songreel_identity.liveness.protocol import Event, Guidance, Outcome, Prompt, Reason, Way

from songreel_testing.puppet.subjects import CameraSubject

TICK = 0.05
_UP, _DOWN = 0.06, 0.05
"""Seconds that a frame needs to the server and an event to the page."""
_SPARE = 128
"""How much larger than a frame the sheet of noise is, px."""


@dataclass(frozen=True)
class Camera:
    """Circumstances of a session."""

    fps: float = 12.0
    noise: float = 2.0
    """Standard deviation, 8-bit units."""
    gain: float = 1.0
    """Brightness."""
    quality: int = 85
    """Of the JPEGs."""
    seed: int = 0


@dataclass
class SimulatedSession:
    """What happened."""

    outcome: Outcome | None = None
    seconds: float = 0.0
    prompts: list[Prompt] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    pipeline: EnrollmentFramePipeline | None = None


@cache
def embedder() -> Embedder:
    """One for all simulations."""
    return Embedder()


def shoot(image: np.ndarray, camera: Camera, random: np.random.Generator) -> bytes:
    """What the camera makes of a picture: a JPEG."""
    noisy = cv2.addWeighted(
        image, camera.gain, _grain(image, random), camera.noise, 0, dtype=cv2.CV_8U
    )
    return cv2.imencode(
        ".jpg",
        cv2.cvtColor(noisy, cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, camera.quality],
    )[1].tobytes()


def _grain(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Normal noise of deviation 1: a window at random of a larger sheet, drawn once.

    Drawing it anew for each frame took most of a session's time.
    """
    height, width = image.shape[:2]
    sheet = _sheet(height + _SPARE, width + _SPARE)
    y, x = random.integers(0, _SPARE, 2)
    return sheet[y : y + height, x : x + width]


@cache
def _sheet(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(height, width, 3)).astype(np.float32)


def simulate(
    subject: CameraSubject,
    camera: Camera,
    *,
    seed: int,
    ways: frozenset[Way] = frozenset(),
    longest: float = 160.0,
    keep_frames: bool = False,
    log: bool = False,
) -> SimulatedSession:
    """One whole session; `seed` draws what the server asks for."""
    cv2.setNumThreads(1)
    tracker = MediaPipeTracker()
    record = SimulatedSession()
    pipeline = record.pipeline = EnrollmentFramePipeline(tracker, embedder(), Random(seed), ways)
    grain = np.random.default_rng(camera.seed)
    post: list[tuple[float, Event]] = []
    now, capture, tick = 0.0, 0.1, 0.0

    def tell(events: list[Event], at: float) -> None:
        for event in events:
            post.append((at + _DOWN, event))
            if isinstance(event, Prompt):
                record.prompts.append(event)
            if (
                log
                and not (isinstance(event, Guidance) and event.reason is Reason.OK)
                and type(event).__name__ not in ("Dot", "Light")
            ):
                print(f"{at:6.2f} {event}")

    def deliver(until: float) -> None:
        while post and post[0][0] <= until:
            at, event = post.pop(0)
            subject.on_event(event, at)

    try:
        tell(pipeline.start(0.0), 0.0)
        while pipeline.outcome is None and now < longest:
            if tick <= capture + _UP:
                now = tick
                tell(pipeline.tick(now), now)
                tick += TICK
                continue
            deliver(capture)
            image = subject.image(capture)
            now = capture + _UP
            if image is not None:
                jpeg = shoot(image, camera, grain)
                if keep_frames:
                    record.frames.append(jpeg)
                tell(pipeline.take(jpeg, round(capture * 1000), now), now)
            capture += 1 / camera.fps
    finally:
        tracker.close()
    record.outcome, record.seconds = pipeline.outcome, now
    return record
