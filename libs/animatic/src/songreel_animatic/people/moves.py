"""What people do: a pose for every moment, from the music."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from songreel_animatic.music import Music, accented
from songreel_animatic.people.body import Pose

Move = Callable[[Music, float, int], Pose]
"""From the music, a time in seconds and the figure's seed to its pose."""


def _squat(depth: float) -> dict[str, float]:
    """Legs that bend to both sides."""
    return {
        "left_leg": -0.10 - 0.45 * depth,
        "left_shin": -0.06 + 0.40 * depth,
        "right_leg": 0.10 + 0.45 * depth,
        "right_shin": 0.06 - 0.40 * depth,
    }


_STEP_LEFT: Final = {"left_leg": -0.38, "left_shin": -0.20, "right_leg": 0.12, "right_shin": 0.10}
_KICK_RIGHT: Final = {"left_leg": -0.05, "left_shin": 0.04, "right_leg": 0.85, "right_shin": 0.55}
_KNEE_RIGHT: Final = {"left_leg": -0.03, "left_shin": 0.02, "right_leg": 0.95, "right_shin": -0.35}
# One move is a few poses, a beat each, done four bars long and then mirrored or changed.
_DANCES: Final[tuple[tuple[Pose, ...], ...]] = (
    (  # step touch, arms swinging
        Pose(-0.10, -5, 0, 0.10, -0.5, -0.3, 0, -0.9, -2.0, 0.35, 1.1, **_STEP_LEFT),
        Pose(0.05, 0, 0, -0.05, 0, 0, 0, -0.5, 0.6, 0.5, -0.6, **_squat(0.5)),
    ),
    (  # arms up, hips from side to side
        Pose(0.12, -6, 0, -0.12, 0.4, 0.2, 0, -2.5, -2.9, 2.1, 2.7, **_STEP_LEFT),
        Pose(-0.12, 6, 0, 0.12, -0.4, -0.2, 0, -2.1, -2.7, 2.5, 2.9,
             left_leg=-0.12, left_shin=-0.10, right_leg=0.38, right_shin=0.20),
    ),
    (  # point to the sky, point to the ground
        Pose(-0.16, -4, 0, 0.05, 0.7, 0.6, 0, -0.7, 0.9, 2.55, 2.6, **_STEP_LEFT),
        Pose(0.14, 3, 0, -0.1, -0.5, -0.5, 0, -0.5, 1.2, -0.35, -0.75, **_squat(0.55)),
    ),
    (  # kick
        Pose(-0.18, -2, 0, 0.08, 0.5, 0.2, 0, -1.5, -1.9, 1.2, 1.7, **_KICK_RIGHT),
        Pose(0.06, 2, 0, -0.04, 0.0, 0.0, 0, -0.9, 0.7, 0.9, -0.7, **_squat(0.7)),
    ),
    (  # knee lifts, elbows out
        Pose(0.05, -2, 2, 0.0, 0.2, 0.3, 0, -1.3, 0.3, 1.3, 2.6, **_KNEE_RIGHT),
        Pose(-0.03, 0, 0, 0.0, 0.0, 0.0, 0, -1.1, -2.6, 1.1, -0.2, **_squat(0.6)),
    ),
    (  # jump with both arms
        Pose(0.0, 0, 9, -0.08, 0.0, 0.0, 0, -2.7, -2.95, 2.7, 2.95,
             left_leg=-0.35, left_shin=0.25, right_leg=0.35, right_shin=-0.25),
        Pose(0.0, 0, 0, 0.16, 0.0, 0.0, 0, -0.6, 0.4, 0.6, -0.4, **_squat(0.9)),
    ),
    (  # turn: shoulders sweep, hair and skirt follow
        Pose(0.16, 4, 0, -0.1, 0.9, 0.9, 0, -1.55, -1.2, 1.45, 1.9, **_STEP_LEFT),
        Pose(-0.16, -4, 0, 0.1, -0.9, -0.9, 0, -1.45, -1.9, 1.55, 1.2,
             left_leg=-0.12, left_shin=-0.10, right_leg=0.38, right_shin=0.20),
    ),
)  # fmt: skip
_REST: Final = Pose()
_BARS_A_MOVE: Final = 4


def _scaled(pose: Pose, size: float) -> Pose:
    return _REST.mix(pose, size)


@lru_cache(maxsize=4096)
def _dance_of(block: int, seed: int) -> int:
    rng = random.Random(f"{seed}/dance/{block}")
    choice = rng.randrange(len(_DANCES))
    if block > 0 and choice == _dance_of(block - 1, seed):
        choice = (choice + 1) % len(_DANCES)
    return choice


def _pose_on(music: Music, beat: int, seed: int) -> Pose:
    """Where a dancer is on a whole beat."""
    block = beat // (_BARS_A_MOVE * music.metre)
    move = _DANCES[_dance_of(block, seed)]
    pose = move[beat % len(move)]
    # The second half of a move is done to the other side.
    if (beat // max(2, music.metre)) % 2:
        pose = pose.mirrored()
    return pose


def dance(music: Music, t: float, seed: int) -> Pose:
    """A pose on each beat, anticipated, landed on and held; bigger where the song is loud."""
    beat = music.beat(t)
    whole = math.floor(beat)
    # Between two beats a figure leaves late and arrives on the beat: most of the way in its
    # last third, an overshoot of a few hundredths, then a settling.
    part = beat - whole
    size = 0.45 + 0.55 * music.energy(t)
    now = _scaled(_pose_on(music, whole, seed), size)
    then = _scaled(_pose_on(music, whole + 1, seed), size)
    leave = _arrival(part)
    pose = now.mix(then, leave)
    dip = 0.22 * math.exp(-5.0 * part) * size + 0.10 * math.exp(-14.0 * (1.0 - part)) * size
    return _bent(pose, dip)


def _arrival(part: float) -> float:
    """0 on one beat, 1 on the next: a small draw back, then a quick way that ends on the beat."""
    if part < 0.45:
        return -0.05 * math.sin(math.pi * part / 0.45)
    x = (part - 0.45) / 0.55
    return x * x * x * (1.0 + 3.0 * (1.0 - x) * 0.5) if x < 1.0 else 1.0


def _bent(pose: Pose, dip: float) -> Pose:
    """Both knees bent a little more."""
    return pose.but(
        left_leg=pose.left_leg - dip * 0.9,
        left_shin=pose.left_shin + dip * 0.9,
        right_leg=pose.right_leg + dip * 0.9,
        right_shin=pose.right_shin - dip * 0.9,
    )


def stand(music: Music, t: float, seed: int) -> Pose:
    """Weight from one leg to the other by the bar, a nod on the beat, breath."""
    bar = accented(music.bar(t) + 0.13 * (seed % 7), 0.6)
    sway = math.sin(math.pi * bar)
    beat = music.pulse(t, 5.0) * (0.3 + 0.7 * music.energy(t))
    breath = 0.02 * math.sin(2.0 * math.pi * 0.27 * t + seed)
    return _bent(
        Pose(
            0.05 * sway, 2.6 * sway, 0, -0.05 * sway + 0.10 * beat, 0.35 * sway, 0.1 * sway, 0,
            -0.16 - 0.05 * sway - breath, 0.02 - 0.1 * sway + 0.12 * beat,
            0.16 - 0.05 * sway + breath, -0.02 - 0.1 * sway - 0.12 * beat,
            -0.07 - 0.05 * sway, -0.05, 0.07 - 0.05 * sway, 0.05,
        ),
        0.09 * beat,
    )  # fmt: skip


def walk(music: Music, t: float, seed: int) -> Pose:
    """A step to the right on every beat."""
    return _gait(accented(music.beat(t), 0.35), 0.50, 0.55, 0.06, 0.5)


def run(music: Music, t: float, seed: int) -> Pose:
    """Two steps to the right on every beat."""
    beats = 2.0 * music.beat(t) if music.period > 0.45 else music.beat(t)
    return _gait(beats, 0.85, 1.25, 0.24, 1.25).but(lift=3.0 * abs(math.sin(math.pi * beats)))


def _gait(steps: float, swing: float, bend: float, lean: float, arms: float) -> Pose:
    turn = math.pi * steps
    near, far = math.sin(turn), -math.sin(turn)

    def shin(s: float, rising: float) -> float:
        return -bend * max(0.0, rising) - 0.08 + 0.1 * s

    right, left = swing * near, swing * far
    return Pose(
        lean, 0.0, 0.0, -0.6 * lean + 0.03 * math.cos(2 * turn), 1.0, 0.3 * near, 0.85,
        arms * near - 0.05, arms * near - 0.05 + 0.35 + 0.3 * arms * max(0.0, near),
        arms * far - 0.05, arms * far - 0.05 + 0.35 + 0.3 * arms * max(0.0, far),
        left, left + shin(far, -math.cos(turn)), right, right + shin(near, math.cos(turn)),
    )  # fmt: skip


def sing(music: Music, t: float, seed: int) -> Pose:
    """A microphone in one hand, the other speaks; the whole body keeps time."""
    base = stand(music, t, seed)
    bar = music.bar(t)
    swell = 0.5 + 0.5 * math.sin(math.pi * accented(bar, 0.7) + seed)
    power = music.energy(t)
    return base.but(
        lean=base.lean - 0.08 * swell * power,
        right_arm=0.45, right_forearm=2.75 + 0.05 * music.pulse(t),
        left_arm=-0.35 - 1.3 * swell * power, left_forearm=-0.6 - 1.5 * swell * power,
        tilt=base.tilt - 0.12 * swell * power,
    )  # fmt: skip


def cheer(music: Music, t: float, seed: int) -> Pose:
    """Both arms up, jumping on the beat in loud sections."""
    part = (music.beat(t) + 0.04 * (seed % 5)) % 1.0
    jump = 4.0 * part * (1.0 - part)
    power = 0.35 + 0.65 * music.energy(t)
    wave = 0.22 * math.sin(math.pi * music.beat(t) + seed)
    return _bent(
        Pose(
            0.04 * wave, 0.0, 7.5 * power * jump, -0.08, 0.3 * wave, 0.0, 0.0,
            -2.55 + wave, -2.95 + 1.4 * wave, 2.55 + wave, 2.95 + 1.4 * wave,
        ),
        0.30 * power * (1.0 - jump),
    )  # fmt: skip


def play(music: Music, t: float, seed: int) -> Pose:
    """A guitarist: the strumming hand goes with the middle band, the body with the beat."""
    strum = math.sin(2.0 * math.pi * music.beat(t)) * (0.5 + 0.5 * music.band("mid", t))
    neck = math.sin(math.pi * math.floor(music.bar(t) * 2) * 0.7 + seed)
    base = stand(music, t, seed)
    dip = 0.26 * music.pulse(t, 5.0) * music.energy(t)
    return _bent(
        base.but(
            lean=2.2 * base.lean + 0.05, shift=1.8 * base.shift,
            left_arm=-0.55 + 0.05 * neck, left_forearm=-1.75 + 0.15 * neck,
            right_arm=0.40, right_forearm=-1.15 + 0.28 * strum,
            tilt=base.tilt + 0.14 * music.pulse(t, 5.0) * music.energy(t), look=-0.5,
        ),
        dip,
    )  # fmt: skip


def sit(music: Music, t: float, seed: int) -> Pose:
    """Sitting on the ground or a chair, a foot taps."""
    tap = 0.12 * music.pulse(t, 6.0)
    base = stand(music, t, seed)
    return base.but(
        left_leg=1.35, left_shin=0.05, right_leg=1.5, right_shin=0.15 - tap,
        left_arm=0.25, left_forearm=0.75, right_arm=0.35, right_forearm=0.95, shift=-6.0,
    )  # fmt: skip


MOVES: Final[dict[str, Move]] = {
    "stand": stand,
    "walk": walk,
    "run": run,
    "dance": dance,
    "play": play,
    "sing": sing,
    "cheer": cheer,
    "sit": sit,
    "move": walk,
}
