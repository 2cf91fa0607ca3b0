"""The mood of a video by rules: colours, motion and the pace of cuts.

No network and no rated pictures are in it, so nothing restricts its use. Colour says pleasure
and arousal after Valdez and Mehrabian (1994): bright and saturated is pleasant, dark and
saturated arousing. Motion and cut rate say arousal (Detenber 1998; Hanjalic and Xu 2005). What a
picture shows it cannot tell, so its uncertainty is large and is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from songreel_score.watch.cuts import Cut
from songreel_score.watch.looks import RATE, Looks

ESTIMATOR: Final = "rules"
# Scenes are shots, joined until they last this long (s); longer shots are divided.
_SHORTEST_SCENE: Final = 3.0
_LONGEST_SCENE: Final = 12.0
# Cuts are counted over this time (s) around a moment.
_PACE_WINDOW: Final = 10.0
# Colour explains about 4 % of the valence that people give to pictures (r .2 on OASIS); what
# remains is nearly the spread of all pictures, .45 of the range -1 to 1.
_VALENCE_STD: Final = 0.42
_AROUSAL_STD: Final = 0.33
_QUADRANTS: Final = {
    (True, True): "happy",
    (True, False): "calm",
    (False, True): "tense",
    (False, False): "sad",
}


@dataclass(frozen=True)
class Mood:
    """Valence and arousal of a scene or a whole video, each -1 to 1."""

    start: float
    """s."""
    end: float
    valence: float
    arousal: float
    valence_std: float
    """Standard deviation of what the truth may be."""
    arousal_std: float


def quadrant(valence: float, arousal: float) -> str:
    """`happy`, `calm`, `tense` or `sad`."""
    return _QUADRANTS[valence >= 0, arousal >= 0]


def estimate(looks: Looks, cuts: Sequence[Cut], duration: float) -> tuple[Mood, ...]:
    """The mood of each scene, in order; they cover the whole video."""
    borders = scene_borders([cut.time for cut in cuts], duration)
    times = np.array([cut.time for cut in cuts])
    return tuple(
        _scene_mood(looks, times, start, end, duration) for start, end in pairwise(borders)
    )


def whole(moods: Sequence[Mood]) -> Mood:
    """The mean over time. Its uncertainty does not shrink: scenes err alike."""
    lengths = np.array([mood.end - mood.start for mood in moods])

    def mean(name: str) -> float:
        return float(np.average([getattr(mood, name) for mood in moods], weights=lengths))

    return Mood(
        moods[0].start,
        moods[-1].end,
        mean("valence"),
        mean("arousal"),
        mean("valence_std"),
        mean("arousal_std"),
    )


def scene_borders(cuts: Sequence[float], duration: float) -> list[float]:
    """Times between which scenes lie, s: at cuts where there are, at most 12 s apart."""
    borders = [0.0]
    for time in [*cuts, duration]:
        last = time == duration
        if time - borders[-1] < _SHORTEST_SCENE and not last:
            continue
        parts = max(1, int(np.ceil((time - borders[-1]) / _LONGEST_SCENE)))
        borders += list(np.linspace(borders[-1], time, parts + 1)[1:])
    if len(borders) > 2 and borders[-1] - borders[-2] < _SHORTEST_SCENE:
        del borders[-2]
    return [float(border) for border in borders]


def _scene_mood(looks: Looks, cuts: np.ndarray, start: float, end: float, duration: float) -> Mood:
    first = int(start * RATE)
    part = slice(first, max(first + 1, int(end * RATE)))
    brightness, contrast, saturation, warmth, motion = (
        float(np.mean(curve[part]))
        for curve in (
            looks.brightness, looks.contrast, looks.saturation, looks.warmth, looks.motion
        )
    )  # fmt: skip
    pace = _pace(cuts, (start + end) / 2, duration)
    # Centres and weights: a daylight picture of mean colour is neutral.
    pleasure = 2.2 * (brightness - 0.40) + 1.1 * (saturation - 0.22) + 1.2 * (warmth - 0.03)
    stirred = (
        1.3 * (motion - 0.22)
        + 1.2 * (pace - 0.25)
        + 0.9 * (contrast - 0.2)
        + 0.5 * (saturation - 0.22)
        - 0.4 * (brightness - 0.40)
    )
    brevity = 0.05 if end - start < _SHORTEST_SCENE else 0.0
    return Mood(
        round(start, 3),
        round(end, 3),
        round(float(np.tanh(pleasure)), 3),
        round(float(np.tanh(stirred)), 3),
        _VALENCE_STD + brevity,
        _AROUSAL_STD + brevity,
    )


def _pace(cuts: np.ndarray, time: float, duration: float) -> float:
    """How fast cuts follow each other: 0 for none, .5 for one in four seconds, below 1."""
    start, end = max(0.0, time - _PACE_WINDOW / 2), min(duration, time + _PACE_WINDOW / 2)
    rate = np.count_nonzero((cuts >= start) & (cuts < end)) / max(end - start, 1e-3)
    return float(1.0 - np.exp(-rate / 0.36))
