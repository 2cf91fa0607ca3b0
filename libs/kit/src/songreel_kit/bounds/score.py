"""Bounds of `ScoreOptions`, as far as they do not depend on the video."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from songreel.score.v1.score_service_pb2 import ScoreOptions

from songreel_kit.errors import InvalidRequest, InvalidScorePlan

SYNC_MODES: Final = ("hard", "soft", "off")
DUCK, MIX, NONE = "duck", "mix", "none"
KEEP_SOUND: Final = (DUCK, MIX, NONE)
FORMATS: Final = ("mp4", "m4v", "mov", "webm", "mkv")
MIN_BPM: Final = 40.0
MAX_BPM: Final = 220.0
MAX_POINTS: Final = 10_000
"""Keyframes, and hits."""
MAX_SEED: Final = 2**53 - 1

_KEY: Final = re.compile(r"\s*(?:[A-Ga-g]|[CDFGAcdfga]#|[DEGABdegab]b)\s*")


def faults_of(options: ScoreOptions) -> list[InvalidRequest]:
    """Every value that no soundtrack could follow, each as its error."""
    return [*_choices(options), *_numbers(options), *_points(options)]


def _choices(options: ScoreOptions) -> Iterator[InvalidRequest]:
    for field, value, known in (
        ("sync", options.sync, SYNC_MODES),
        ("keep_sound", options.keep_sound, KEEP_SOUND),
        ("format", options.format, FORMATS),
    ):
        if value and value not in known:
            yield InvalidRequest(
                f"{field} is {value[:40]!r}; it may be {', '.join(known)}", field=field
            )
    if options.key and not _KEY.fullmatch(options.key):
        yield InvalidScorePlan(
            f"key is {options.key[:40]!r}; give a tonic such as D, F# or Bb", field="key"
        )


def _numbers(options: ScoreOptions) -> Iterator[InvalidRequest]:
    if options.bpm and not MIN_BPM <= options.bpm <= MAX_BPM:
        yield InvalidRequest(
            f"bpm is {options.bpm:g}; give {MIN_BPM:g} to {MAX_BPM:g}, or 0 to choose by the mood",
            field="bpm",
        )
    if options.seed > MAX_SEED:
        yield InvalidRequest(f"seed {options.seed} is outside 0..{MAX_SEED}", field="seed")


def _points(options: ScoreOptions) -> Iterator[InvalidRequest]:
    for field in ("mood", "hits"):
        if (count := len(getattr(options, field))) > MAX_POINTS:
            yield InvalidRequest(f"{field} has {count} points; at most {MAX_POINTS}", field=field)
    for point in options.mood[:MAX_POINTS]:
        if not max(abs(point.valence), abs(point.arousal)) <= 1.0:  # not NaN either
            yield InvalidRequest(
                f"the mood at {point.time:g} s is {point.valence:g},{point.arousal:g}; valence and "
                "arousal lie between -1 and 1",
                field="mood",
            )
            break
    times = [*options.hits[:MAX_POINTS], *(point.time for point in options.mood[:MAX_POINTS])]
    wrong = [time for time in times if not (math.isfinite(time) and time >= 0.0)]
    if wrong:
        yield InvalidRequest(f"{wrong[0]:g} s is no time of a video", field="hits")
