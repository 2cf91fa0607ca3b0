"""The puppet without pixels: poses become readings directly, with a measuring error.

For properties of the state machine, where thousands of sessions are wanted. What
cameras, trackers and pictures do to a session is measured with `simulation`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from songreel_identity.faces.landmarks import FaceLandmarks, FrameMeasurements
from songreel_identity.liveness.protocol import Event, Outcome, Prompt, Way
from songreel_identity.liveness.session import STILLS, LivenessSession

from songreel_testing.puppet.expressions import Pose, rotation

_RANDOM = np.random.default_rng(5)
_HEAD = np.column_stack(
    [
        _RANDOM.uniform(-0.9, 0.9, 40),
        _RANDOM.uniform(-1.0, 1.0, 40),
        np.zeros(40),
    ]
)
_HEAD[:, 2] = -0.8 * np.sqrt(np.clip(1 - (_HEAD[:, 0] / 1.2) ** 2, 0, 1)) - 0.3 * np.exp(
    -8 * (_HEAD[:, 0] ** 2 + _HEAD[:, 1] ** 2)
)
"""Points of a rounded head with a nose, in pupil distances."""

EYE_PX = 100.0
PAIRS = STILLS * (STILLS - 1) // 2


@dataclass(frozen=True)
class MeasurementErrors:
    """Standard deviations of the measurement."""

    degrees: float = 0.5
    ratio: float = 0.006
    tint: float = 0.5
    points_px: float = 0.4


def measurements(
    pose: Pose,
    frame: int,
    at: float,
    random: np.random.Generator,
    errors: MeasurementErrors,
    *,
    flat: bool = False,
) -> FrameMeasurements:
    """What the tracker would say of this pose; `flat` of a picture of it."""
    head = _HEAD.copy()
    if flat:
        head[:, 2] = 0.0
    turned = head @ rotation(pose.yaw, pose.pitch, pose.roll).T
    distance = 12.0
    view = turned[:, :2] * (distance / (distance + turned[:, 2:])) * pose.scale
    points = (view + np.array([3.2, 2.4]) + np.array(pose.shift)) * EYE_PX
    points = points + random.normal(0, errors.points_px, points.shape)
    eye = EYE_PX * pose.scale
    tint = 12.0 * (pose.light[0] - pose.light[2])
    face = FaceLandmarks(
        eye_px=eye,
        yaw=pose.yaw + random.normal(0, errors.degrees),
        pitch=pose.pitch + random.normal(0, errors.degrees),
        centre=(
            (3.2 + pose.shift[0]) / pose.scale,
            (2.0 * pose.scale + pose.shift[1] + 0.4) / pose.scale,
        ),
        mouth_open=0.1 + 0.8 * pose.mouth + abs(random.normal(0, errors.ratio)),
        mouth_width=0.9 + 0.25 * pose.smile + random.normal(0, errors.ratio),
        eyes_open=0.3 * (1 - 0.5 * pose.squint) + random.normal(0, errors.ratio),
        points=points,
        oval=points,
    )
    covered = (0.5 if pose.hand == "left" else 0.0, 0.5 if pose.hand == "right" else 0.0)
    return FrameMeasurements(
        frame=frame,
        at=at,
        faces=1,
        face=face,
        brightness=130.0,
        sharpness=100.0 + random.normal(0, 5),
        tint=tint + random.normal(0, errors.tint),
        covered=covered,
        digest=frame.to_bytes(8),
    )


@dataclass
class PlayedSession:
    """A session that was played."""

    session: LivenessSession
    outcome: Outcome | None
    seconds: float
    prompts: list[tuple[float, Prompt]]


def play(
    pose: Callable[[float], Pose],
    on_event: Callable[[Event, float], None],
    *,
    seed: int,
    ways: frozenset[Way] = frozenset(),
    fps: float = 12.0,
    errors: MeasurementErrors | None = None,
    flat: bool = False,
    distances: Sequence[float] = (0.3,) * PAIRS,
    alter: Callable[[FrameMeasurements], FrameMeasurements | None] = lambda measurements: (
        measurements
    ),
) -> PlayedSession:
    """Plays a whole session in simulated time, without pixels."""
    session = LivenessSession(Random(seed), ways)
    noise = np.random.default_rng(seed)
    prompts: list[tuple[float, Prompt]] = []
    post: list[tuple[float, Event]] = []
    errors = errors or MeasurementErrors()

    def tell(events: list[Event], at: float) -> None:
        for event in events:
            post.append((at + 0.05, event))
            if isinstance(event, Prompt):
                prompts.append((at, event))

    tell(session.start(0.0), 0.0)
    capture, tick, frame, now = 0.1, 0.0, 0, 0.0
    while session.outcome is None and now < 200:
        if tick <= capture + 0.06:
            now = tick
            tell(session.tick(now), now)
            tick += 0.05
        else:
            while post and post[0][0] <= capture:
                at, event = post.pop(0)
                on_event(event, at)
            frame += 1
            seen = alter(measurements(pose(capture), frame, capture, noise, errors, flat=flat))
            now = capture + 0.06
            if seen is not None:
                tell(session.process_frame(seen), now)
            capture += 1 / fps
        if session.comparing:
            tell(session.conclude(distances), now)
    return PlayedSession(session, session.outcome, now, prompts)
