"""The performance as a MIDI file that sounds at the same times."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import mido
import numpy as np

from songreel_score.perform.performance import CHANNELS, Performance
from songreel_score.plan.score_plan import ScorePlan

TICKS: Final = 960
"""A quarter; at 120 bpm half a millisecond each."""
Event = tuple[int, int, Any]
"""Tick, order within the tick, mido's message."""


def write_midi(plan: ScorePlan, performance: Performance, path: Path) -> None:
    """Writes a type-1 file: tempo, metre, sections and hits on the first track, roles after it."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(_conductor(plan))
    for role, channel in CHANNELS.items():
        if any(note.role == role for note in performance.notes):
            file.tracks.append(_part(plan, performance, role, channel))
    file.save(str(path))


def _conductor(plan: ScorePlan) -> mido.MidiTrack:
    events: list[Event] = []
    beat = 0
    time = 0.0
    for stretch in plan.stretches:
        # Tempo is whole microseconds: each stretch takes up what the one before it lost.
        tempo = round((stretch.end - time) * 1e6 / stretch.beats)
        events.append((beat * TICKS, 0, mido.MetaMessage("set_tempo", tempo=tempo)))
        beat += stretch.beats
        time += tempo * stretch.beats / 1e6
    metre = 0
    for bar in plan.bars():
        tick = bar.first_beat * TICKS
        if bar.bar.beats != metre:
            metre = bar.bar.beats
            signature = mido.MetaMessage("time_signature", numerator=metre, denominator=4)
            events.append((tick, 1, signature))
        if bar.section_bar == 0:
            events.append((tick, 2, mido.MetaMessage("marker", text=bar.section.name)))
    seconds = np.array([hit.music_time for hit in plan.hits])
    events += [
        (int(tick), 3, mido.MetaMessage("cue_marker", text="hit")) for tick in _ticks(plan, seconds)
    ]
    return _track("tempo", events, plan.beats * TICKS)


def _part(plan: ScorePlan, performance: Performance, role: str, channel: int) -> mido.MidiTrack:
    notes = [note for note in performance.notes if note.role == role]
    starts = _ticks(plan, np.array([note.start for note in notes]))
    ends = _ticks(plan, np.array([note.end for note in notes]))
    events: list[Event] = []
    for change in performance.programs:
        if change.role == role:
            tick = int(_ticks(plan, np.array([change.time]))[0])
            message = mido.Message("program_change", channel=channel, program=change.program)
            events.append((tick, 1, message))
    for note, start, end in zip(notes, starts.tolist(), ends.tolist(), strict=True):
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch)
        events += [(start, 2, on), (max(end, start + 1), 0, off)]
    return _track(role, events, plan.beats * TICKS)


def _ticks(plan: ScorePlan, seconds: np.ndarray) -> np.ndarray:
    beats, known = plan.tempo_points()
    if not len(seconds):
        return np.zeros(0, int)
    return np.round(np.interp(seconds, known, beats) * TICKS).astype(int)


def _track(name: str, events: list[Event], end: int) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    return track
