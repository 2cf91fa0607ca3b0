"""Plays a performance with a soundfont, exact to the sample."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

import numpy as np
import tinysoundfont
from songreel_kit.errors import ModelMissing

from songreel_score.perform.performance import CHANNELS, DRUM_CHANNEL, Performance
from songreel_score.sound.soundfonts import Soundfont
from songreel_score.sound.takes import BLOCK, RATE, Samples

_GAIN: Final = -9.0
"""dB; headroom for forty voices."""
_VOLUME, _PAN = 7, 10
_PANS: Final = {"melody": 64, "counter": 84, "chords": 52, "arpeggio": 44, "pad": 64, "bass": 64,
                "drums": 64, "hits": 60}  # fmt: skip
_OFF, _PROGRAM, _ON = 0, 1, 2


def play(
    performance: Performance,
    soundfont: Soundfont,
    roles: Collection[str] | None = None,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Samples]:
    """The sound of some roles (all by default) in blocks (n, 2) float32.

    The blocks of single roles add up to that of all together.

    Raises:
        ModelMissing: the soundfont cannot be read.
    """
    # A synth plays one program per channel, and MIDI's drum channel is one too.
    synth = tinysoundfont.Synth(gain=_GAIN, samplerate=RATE)
    try:
        font = synth.sfload(str(soundfont.path))
    except Exception as error:
        raise ModelMissing(f"{soundfont.path} is no soundfont that can be played") from error
    wanted = set(performance.levels) if roles is None else set(roles)
    for role in wanted & set(performance.levels):
        channel = CHANNELS[role]
        # General MIDI: loudness goes with the square of the volume.
        volume = 100.0 * 10.0 ** (performance.levels[role] / 40.0)
        synth.program_select(channel, font, 0, 0, channel == DRUM_CHANNEL)
        synth.control_change(channel, _VOLUME, int(np.clip(round(volume), 1, 127)))
        synth.control_change(channel, _PAN, _PANS[role])
    total = round(performance.duration * RATE)
    position = 0
    pending: list[Samples] = []
    held = 0
    for time, kind, role, pitch, velocity in _events(performance):
        check()
        while (count := min(total, round(time * RATE)) - position) > 0:
            count = min(count, BLOCK)
            pending.append(_rendered(synth, count))
            position, held = position + count, held + count
            if held >= BLOCK:
                yield np.concatenate(pending)
                pending, held = [], 0
        if role not in wanted:
            continue  # It was rendered up to here all the same, see `_events`.
        channel = CHANNELS[role]
        if kind == _ON:
            synth.noteon(channel, pitch, velocity)
        elif kind == _OFF:
            synth.noteoff(channel, pitch)
        else:
            _select(synth, channel, font, pitch)
    while position < total:
        count = min(BLOCK, total - position)
        pending.append(_rendered(synth, count))
        position += count
        yield np.concatenate(pending)
        pending = []
    if pending:
        yield np.concatenate(pending)


def _rendered(synth: tinysoundfont.Synth, count: int) -> Samples:
    return np.frombuffer(synth.generate(count), np.float32).reshape(-1, 2).copy()


def _select(synth: tinysoundfont.Synth, channel: int, font: int, program: int) -> None:
    """Takes up an instrument; fonts without this kit play their standard one."""
    drums = channel == DRUM_CHANNEL
    synth.program_change(channel, program, drums)


def _events(performance: Performance) -> list[tuple[float, int, str, int, int]]:
    """(time, kind, role, pitch or program, velocity) in order; ends before beginnings.

    Of all roles: the synth steps its envelopes with each call, so stems are rendered in the same
    steps as the whole, or they would not add up to it.
    """
    events = [
        (change.time, _PROGRAM, change.role, change.program, 0) for change in performance.programs
    ]
    for note in performance.notes:
        events.append((note.start, _ON, note.role, note.pitch, note.velocity))
        events.append((note.end, _OFF, note.role, note.pitch, 0))
    return sorted(events)
