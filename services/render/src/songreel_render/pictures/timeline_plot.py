"""The timeline picture: what the song does and what is shown to it, over time."""

from __future__ import annotations

import io
import math
from typing import Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard

from songreel_render.motion.layout import Layout

_INK: Final = "#22262e"
_FAINT: Final = "#8a92a0"
_WAVE: Final = "#5b7db1"
_ONSET: Final = "#e0683c"
_TRAVEL: Final = "#2f8f6b"
_SCENES: Final = ("#dfe7f3", "#f3e6d8")
_MOODS: Final = {
    "joyful": "#f2b134",
    "tense": "#d1495b",
    "sad": "#4a6fa5",
    "serene": "#5fa777",
    "neutral": "#9aa0a6",
}
# More labels than these would lie on each other.
_MAX_LYRICS: Final = 60
_DPI: Final = 110
_HEIGHT: Final = 8.4
"""Inches."""
_INCHES_PER_SECOND: Final = 0.35


def draw_timeline(analysis: SongAnalysis, storyboard: Storyboard, layout: Layout) -> bytes:
    """Draw waveform, onset strength and motion, scenes with lyrics, and emotion.

    Returns:
        PNG bytes, 1300 to 2600 pixels wide.
    """
    duration = layout.timeline.duration
    width = min(max(duration * _INCHES_PER_SECOND, 12.0), 24.0)
    figure = Figure(figsize=(width, _HEIGHT), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    # Fixed margins: matplotlib's own layout draws everything twice.
    space = {
        "height_ratios": [2, 2, 1.7, 1.7],
        "left": 0.8 / width,
        "right": 1.0 - 0.45 / width,
        "bottom": 0.5 / _HEIGHT,
        "top": 1.0 - 0.5 / _HEIGHT,
        "hspace": 0.1,
    }
    rows: Any = figure.subplots(4, 1, sharex=True, gridspec_kw=space)
    _draw_wave(rows[0], analysis)
    _draw_motion(rows[1], analysis, layout)
    _draw_scenes(rows[2], analysis, storyboard, width / duration)
    _draw_emotion(rows[3], analysis)
    for row in rows:
        _dress(row)
        # Ticks take most of the time; one row has the clock.
        row.xaxis.set_visible(row is rows[-1])
    rows[0].set_xlim(0, duration)
    rows[-1].set_xlabel("time", color=_INK)
    rows[-1].xaxis.set_major_locator(MaxNLocator(nbins=int(width), steps=[1, 2, 5, 10]))
    rows[-1].xaxis.set_major_formatter(FuncFormatter(_clock))
    figure.suptitle(_title(analysis, storyboard), color=_INK, fontsize=13, x=0.01, ha="left")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _title(analysis: SongAnalysis, storyboard: Storyboard) -> str:
    tempo = f"{analysis.tempo_bpm:.1f} bpm" if analysis.tempo_bpm else "no steady tempo"
    metre = f", {analysis.metre}/4" if analysis.metre else ""
    emotion = analysis.emotion
    mood = f", {emotion.quadrant}" if emotion.quadrant else ""
    name = storyboard.title or analysis.title or "untitled"
    return f"{_plain(name, 80)}   ({tempo}{metre}{mood}; {len(storyboard.scenes)} scenes)"


def _draw_wave(axes: Any, analysis: SongAnalysis) -> None:
    peaks = np.asarray(analysis.waveform_peak)
    if peaks.size and analysis.waveform_rate > 0:
        seconds = np.arange(peaks.size) / analysis.waveform_rate
        axes.fill_between(seconds, -peaks, peaks, color=_WAVE, linewidth=0, step="post")
    axes.vlines(analysis.beats, -1, 1, color=_FAINT, linewidth=0.5, alpha=0.6, label="beats")
    axes.vlines(analysis.downbeats, -1, 1, color=_INK, linewidth=0.9, alpha=0.7, label="downbeats")
    for section in analysis.sections:
        axes.axvline(section.start, color=_ONSET, linewidth=1.4, alpha=0.8)
        axes.text(
            section.start, 1.04, f" {_plain(section.label, 12)}", color=_ONSET, fontsize=9,
            fontweight="bold", va="bottom", clip_on=True,
        )  # fmt: skip
    axes.set_ylim(-1.02, 1.25)
    axes.set_yticks([])
    axes.set_ylabel("waveform\nbeats, sections", color=_INK)
    if analysis.beats:
        axes.legend(loc="upper right", fontsize=7, ncols=2, framealpha=0.9)


def _draw_motion(axes: Any, analysis: SongAnalysis, layout: Layout) -> None:
    strength = np.asarray(analysis.onset_strength)
    if strength.size and analysis.onset_rate > 0:
        seconds = np.arange(strength.size) / analysis.onset_rate
        axes.fill_between(
            seconds, 0, np.clip(strength, 0, 1.2), color=_ONSET, alpha=0.25, linewidth=0,
            label="onset strength",
        )  # fmt: skip
    timeline = layout.timeline
    axes.plot(timeline.times(), timeline.onset, color=_ONSET, linewidth=0.9, label="envelope used")
    axes.set_ylim(0, 1.5)  # Room for the legend.
    axes.set_ylabel("onset strength", color=_INK)
    speed = axes.twinx()
    mix, grid = layout.mix, layout.grid
    steps = np.diff(mix.travel, prepend=0.0)
    steps[np.diff(mix.scene, prepend=-1) != 0] = np.nan
    speed.plot(
        grid.times(), steps * float(grid.rate), color=_TRAVEL, linewidth=1.1, alpha=0.9,
        label="motion (rad/s)",
    )  # fmt: skip
    speed.set_ylim(0, 1.25 * speed.get_ylim()[1])
    speed.tick_params(colors=_TRAVEL, labelsize=7)
    speed.spines[:].set_visible(False)
    lines = [*axes.get_legend_handles_labels()[0], *speed.get_legend_handles_labels()[0]]
    # On the upper of the two axes, or the motion would be drawn over it.
    speed.legend(
        lines, [line.get_label() for line in lines], loc="upper right", fontsize=7, ncols=3
    )


def _draw_scenes(
    axes: Any, analysis: SongAnalysis, storyboard: Storyboard, inches_per_second: float
) -> None:
    for index, scene in enumerate(storyboard.scenes):
        length = scene.end - scene.start
        axes.axvspan(scene.start, scene.end, 0.34, 1.0, color=_SCENES[index % 2], linewidth=0)
        axes.axvspan(
            scene.start, scene.end, 0.28, 0.34, color=_MOODS.get(scene.mood, _FAINT), linewidth=0
        )
        dissolve = scene.transition == "dissolve" and index > 0
        axes.plot(
            [scene.start] * 2, [0.28, 1.0], color=_INK, linewidth=1.0,
            linestyle=":" if dissolve else "-",
        )  # fmt: skip
        room = int(length * inches_per_second * 17)
        if room >= 2:
            axes.text(
                scene.start + length / 2, 0.95, _folded(f"{index + 1}. {scene.prompt}", room, 7),
                ha="center", va="top", fontsize=6.2, color=_INK, linespacing=1.1, clip_on=True,
            )  # fmt: skip
    lines = analysis.lyrics[:_MAX_LYRICS]
    for index, line in enumerate(lines):
        # Two rows in turn: a line may reach to the next but one.
        reach = lines[index + 2].start if index + 2 < len(lines) else line.end + 4.0
        room = max(int((reach - line.start) * inches_per_second * 19), 6)
        axes.text(
            line.start, 0.16 if index % 2 else 0.05, _plain(line.text, room), fontsize=6.6,
            color=_INK, style="italic", clip_on=True,
        )  # fmt: skip
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.set_ylabel("scenes\nlyrics", color=_INK)


def _draw_emotion(axes: Any, analysis: SongAnalysis) -> None:
    curve = analysis.emotion.curve
    seconds = [point.time for point in curve]
    for name, values, colour in (
        ("valence", [point.valence for point in curve], _TRAVEL),
        ("arousal", [point.arousal for point in curve], "#d1495b"),
    ):
        axes.plot(seconds, values, color=colour, linewidth=1.6, label=name, marker="o", ms=2.5)
    axes.axhline(0, color=_FAINT, linewidth=0.6)
    axes.set_ylim(-1.05, 1.05)
    axes.set_ylabel("emotion", color=_INK)
    axes.legend(loc="upper right", fontsize=7, ncols=2)


def _dress(axes: Any) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(colors=_FAINT, labelsize=8)


def _clock(seconds: float, _: int | None = None) -> str:
    whole = math.floor(seconds)
    rest = seconds - whole
    return f"{whole // 60}:{whole % 60:02d}" + (f"{rest:.1f}"[1:] if rest > 0.05 else "")


def _plain(text: str, limit: int) -> str:
    """Fit for matplotlib: one line, no mathematics between dollar signs."""
    text = " ".join(text.split()).replace("$", r"\$")
    return text if len(text) <= limit else text[: max(limit - 3, 1)].rstrip() + "..."


def _folded(text: str, width: int, lines: int) -> str:
    """Broken into short lines, words whole where they fit."""
    folded: list[str] = [""]
    for word in _plain(text, 400).split():
        if folded[-1] and len(folded[-1]) + 1 + len(word) > width:
            folded.append("")
        folded[-1] = f"{folded[-1]} {word}".strip()
    shown = [line[: width + 2] for line in folded[:lines]]
    return "\n".join(shown) + ("..." if len(folded) > lines else "")
