"""Music and the film's own sound together, before mastering."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from songreel_score.sound.ducking import gain
from songreel_score.sound.loudness import SILENT, measure
from songreel_score.sound.takes import BLOCK, RATE, Samples, Take, write_take
from songreel_score.watch.speech import Span
from songreel_score.watch.video_file import read_sound

# Loudness of the two before they are added. Under speech the music then lies near -25 LUFS,
# what broadcasters ask of a bed.
_SOUND_LUFS: Final = -15.0
_MUSIC_LUFS: Final = -17.0
_MOST_BOOST: Final = 12.0
_FADE_IN: Final = 0.03
_FADE_OUT: Final = 1.2


def film_sound(video: Path, path: Path, samples: int, check: Callable[[], None]) -> Take:
    """The film's own sound as a take of `samples` frames."""
    return write_take(path, read_sound(video, RATE, 2, check), samples)


def with_fades(take: Take, path: Path) -> Take:
    """Fades the ends: 30 ms in, 1.2 s out or a tenth of what is short."""
    total = take.samples
    fade_in = round(_FADE_IN * RATE)
    fade_out = round(min(_FADE_OUT * RATE, total / 10))

    def faded() -> Iterator[Samples]:
        for start, stop, block in take.blocks():
            place = np.arange(start, stop)
            rising = np.clip(place / fade_in, 0.0, 1.0)
            falling = np.clip((total - place) / fade_out, 0.0, 1.0)
            yield block * (rising * np.sin(falling * np.pi / 2) ** 2)[:, None].astype(np.float32)

    return write_take(path, faded(), total)


def mixed(music: Take, sound: Take, path: Path, speech: Sequence[Span], *, duck: bool) -> Take:
    """Adds the film's sound to the music, which steps back under speech if `duck`."""
    music_gain = _gain_to(music, _MUSIC_LUFS)
    sound_gain = min(_gain_to(sound, _SOUND_LUFS), _MOST_BOOST)
    spans = speech if duck else ()

    def blocks() -> Iterator[Samples]:
        for start in range(0, music.samples, BLOCK):
            stop = min(start + BLOCK, music.samples)
            times = np.arange(start, stop) / RATE
            ducked = 10.0 ** ((music_gain + gain(spans, times)) / 20.0)
            own = sound.read(start, stop) * 10.0 ** (sound_gain / 20.0)
            yield (music.read(start, stop) * ducked[:, None] + own).astype(np.float32)

    return write_take(path, blocks(), music.samples)


def _gain_to(take: Take, target: float) -> float:
    lufs = measure(block for _, _, block in take.blocks()).integrated()
    return target - lufs if lufs > SILENT else 0.0
