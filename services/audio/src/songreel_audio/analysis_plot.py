"""A `SongAnalysis` as a picture: sound, onsets, beats, sections, lyrics and mood."""

import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from songreel.audio.v1.analysis_pb2 import SongAnalysis

_INK = "#22303c"
_MUTED = "#8895a1"
_PAPER = "#fbfaf7"
_SECTIONS = ("#8ecae6", "#ffb703", "#90be6d", "#f4978e", "#cdb4db", "#b8c0ff", "#f2cc8f", "#a3b18a")
_LOW, _MID, _HIGH = "#c1440e", "#2a7f62", "#3a5ba0"
_VALENCE, _AROUSAL = "#2a7f62", "#c1440e"
_MOST_BEATS = 400
"""More beat lines than this in the picture would be a grey wall; then only bars are drawn."""


def draw(analysis: SongAnalysis, path: Path) -> None:
    """Draws `analysis` into a PNG of 1600 x 1100 pixels at `path`."""
    figure = Figure(figsize=(16, 11), dpi=100, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        5, 2, width_ratios=(4.2, 1.0), height_ratios=(1.5, 1.2, 1.4, 0.9, 1.4),
        hspace=0.32, wspace=0.16, left=0.055, right=0.975, top=0.905, bottom=0.055,
    )  # fmt: skip
    rows = [figure.add_subplot(grid[0, 0])]
    rows += [figure.add_subplot(grid[row, 0], sharex=rows[0]) for row in range(1, 5)]
    for axes in rows:
        _plain(axes)
    rows[0].set_xlim(0, analysis.duration)
    _waveform(rows[0], analysis)
    _onsets(rows[1], analysis)
    _bands(rows[2], analysis)
    _lyrics(rows[3], analysis)
    _mood(rows[4], analysis)
    rows[4].set_xlabel("seconds", color=_INK)
    for axes in rows[:-1]:
        axes.tick_params(labelbottom=False)
    _facts(figure.add_subplot(grid[0:3, 1]), analysis)
    _plane(figure.add_subplot(grid[3:5, 1]), analysis)
    _title(figure, analysis)
    with warnings.catch_warnings():
        # Lyrics may be in a script that the font does not have; boxes stand for it.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(path, format="png", facecolor=_PAPER)


def _title(figure: Figure, analysis: SongAnalysis) -> None:
    title = analysis.title or "Untitled"
    by = f" - {analysis.artist}" if analysis.artist else ""
    figure.text(0.055, 0.95, (title + by)[:90], fontsize=20, color=_INK, weight="bold",
                parse_math=False)  # fmt: skip
    start = analysis.excerpt.start
    part = f"{start:.1f} to {analysis.excerpt.end:.1f} s of the song" if start else ""
    figure.text(0.055, 0.925, part or f"{analysis.duration:.1f} s", fontsize=11, color=_MUTED)


def _plain(axes: Any) -> None:
    axes.set_facecolor(_PAPER)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_MUTED)
    axes.tick_params(colors=_MUTED, labelsize=9, length=3)
    axes.set_yticks([])


def _name(axes: Any, text: str) -> None:
    axes.set_ylabel(text, color=_INK, fontsize=10)


def _waveform(axes: Any, analysis: SongAnalysis) -> None:
    peaks = np.array(analysis.waveform_peak)
    times = (np.arange(len(peaks)) + 0.5) / analysis.waveform_rate
    for section in analysis.sections:
        colour = _SECTIONS[(ord(section.label[-1]) - 65) % len(_SECTIONS)]
        axes.axvspan(section.start, section.end, color=colour, alpha=0.16 + 0.34 * section.energy,
                     lw=0)  # fmt: skip
        axes.text(section.start + 0.004 * analysis.duration, 1.03, section.label, fontsize=12,
                  color=_INK, weight="bold", va="bottom")  # fmt: skip
        axes.axvline(section.start, color=_INK, lw=0.8)
    axes.fill_between(times, -peaks, peaks, color=_INK, lw=0, alpha=0.85)
    axes.set_ylim(-1.02, 1.02)
    _name(axes, "sound, sections")


def _onsets(axes: Any, analysis: SongAnalysis) -> None:
    times, strength = _pooled(analysis.onset_strength, analysis.onset_rate)
    if len(analysis.beats) <= _MOST_BEATS:
        axes.vlines(analysis.beats, 0, 1.25, color="#b7c4cf", lw=0.7)
    axes.vlines(analysis.downbeats, 0, 1.25, color=_LOW, lw=0.9, alpha=0.7)
    axes.fill_between(times, 0, np.minimum(strength, 1.25), color=_INK, lw=0)
    axes.set_ylim(0, 1.25)
    _name(axes, "onsets, beats, bars")


def _pooled(values: Sequence[float], rate: float) -> tuple[Any, Any]:
    """Maxima of groups, about one for each pixel: times in seconds and values."""
    size = max(len(values) // 1_100, 1)
    starts = np.arange(0, max(len(values), 1), size)
    heights = np.maximum.reduceat(np.array(values), starts) if len(values) else np.zeros(1)
    return starts / rate, heights


def _bands(axes: Any, analysis: SongAnalysis) -> None:
    bands = analysis.onset_bands
    named = (("low", bands.low, _LOW), ("mid", bands.mid, _MID), ("high", bands.high, _HIGH))
    for level, (name, values, colour) in enumerate(named):
        times, heights = _pooled(values, analysis.onset_rate)
        heights = np.minimum(heights, 1.2) * 0.8
        axes.fill_between(times, level, level + heights, color=colour, lw=0, alpha=0.9)
        axes.text(-0.004 * analysis.duration, level + 0.3, name, color=colour, ha="right",
                  fontsize=9)  # fmt: skip
    axes.set_ylim(0, 3)
    axes.yaxis.labelpad = 24
    _name(axes, "bands")


def _lyrics(axes: Any, analysis: SongAnalysis) -> None:
    for span in analysis.vocals:
        axes.add_patch(
            Rectangle((span.start, 0.02), span.end - span.start, 0.09, color=_MID, alpha=0.5, lw=0)
        )
    levels = 4
    # Where lines are many, only as many as have room get their words.
    every = max(int(np.ceil(len(analysis.lyrics) / 48)), 1)
    for index, line in enumerate(analysis.lyrics):
        height = 0.20 + 0.2 * (levels - 1 - index // every % levels)
        axes.hlines(height - 0.03, line.start, line.end, color=_INK, lw=2.0, alpha=0.6)
        if index % every == 0:
            late = line.start > 0.82 * analysis.duration
            axes.text(line.end if late else line.start, height, line.text[:44], fontsize=8.5,
                      color=_INK, va="bottom", ha="right" if late else "left", clip_on=True,
                      parse_math=False)  # fmt: skip
    if not analysis.lyrics:
        axes.text(analysis.duration / 2, 0.5, "no lyrics", color=_MUTED, ha="center")
    axes.set_ylim(0, 1.05)
    _name(axes, "voice, lyrics")


def _mood(axes: Any, analysis: SongAnalysis) -> None:
    curve = analysis.emotion.curve
    times = [point.time for point in curve]
    axes.axhline(0, color=_MUTED, lw=0.6)
    for name, values, colour in (
        ("valence", [point.valence for point in curve], _VALENCE),
        ("arousal", [point.arousal for point in curve], _AROUSAL),
    ):
        axes.plot(times, values, color=colour, lw=2.0, label=name)
        axes.fill_between(times, 0, values, color=colour, alpha=0.10, lw=0)
    axes.set_ylim(-1, 1)
    axes.set_yticks([-1, 0, 1])
    axes.legend(loc="upper left", frameon=False, fontsize=9, ncols=2, labelcolor=_INK)
    _name(axes, "mood")


def _plane(axes: Any, analysis: SongAnalysis) -> None:
    """The path through the valence-arousal plane, from light to dark."""
    _plain(axes)
    curve = analysis.emotion.curve
    points = np.array([(point.valence, point.arousal) for point in curve]).reshape(-1, 2)
    axes.axhline(0, color=_MUTED, lw=0.6)
    axes.axvline(0, color=_MUTED, lw=0.6)
    corners = (("joyful", 0.95, 0.9), ("tense", -0.95, 0.9), ("sad", -0.95, -0.97),
               ("serene", 0.95, -0.97))  # fmt: skip
    for name, x, y in corners:
        axes.text(x, y, name, color=_MUTED, fontsize=10, ha="right" if x > 0 else "left")
    if len(points) > 1:
        pieces = np.stack([points[:-1], points[1:]], axis=1)
        path = LineCollection(list(pieces), cmap="YlOrBr", lw=1.8)
        path.set_array(np.linspace(0.25, 1.0, len(pieces)))
        path.set_clim(0, 1)
        axes.add_collection(path)
    mood = analysis.emotion
    axes.errorbar(mood.valence, mood.arousal, mood.arousal_std, mood.valence_std, color=_INK,
                  marker="o", ms=8, lw=0.8, alpha=0.85)  # fmt: skip
    axes.set_xlim(-1, 1)
    axes.set_ylim(-1, 1)
    axes.set_xlabel("valence", color=_INK)
    axes.set_xticks([-1, 0, 1])
    _name(axes, "arousal")


def _facts(axes: Any, analysis: SongAnalysis) -> None:
    axes.axis("off")
    mood = analysis.emotion
    facts = [
        ("tempo", f"{analysis.tempo_bpm:.1f} bpm"),
        ("confidence", f"{analysis.tempo_confidence:.2f}"),
        ("metre", f"{analysis.metre}/4" if analysis.metre else "none"),
        ("beats, bars", f"{len(analysis.beats)}, {len(analysis.downbeats)}"),
        ("sections", " ".join(section.label for section in analysis.sections)[:24]),
        ("lyrics", f"{analysis.lyrics_source}, {len(analysis.lyrics)} lines"),
        ("language", analysis.language or "unknown"),
        ("voice", _voice(analysis)),
        ("mood", f"{mood.quadrant} ({mood.extractor})"),
    ]
    for index, (name, value) in enumerate(facts):
        height = 0.97 - 0.078 * index
        axes.text(0.0, height, name, color=_MUTED, fontsize=11, transform=axes.transAxes)
        axes.text(0.44, height, value, color=_INK, fontsize=11, weight="bold",
                  transform=axes.transAxes, parse_math=False)  # fmt: skip
    if analysis.warnings:
        axes.text(0.0, 0.22, "\n".join(_wrapped(list(analysis.warnings))), color=_LOW, fontsize=9,
                  va="top", transform=axes.transAxes, parse_math=False)  # fmt: skip


def _voice(analysis: SongAnalysis) -> str:
    if not analysis.vocals:
        return f"none (sure {1 - analysis.vocal_confidence:.2f})"
    share = sum(span.end - span.start for span in analysis.vocals) / analysis.duration
    return f"{share:.0%} (sure {analysis.vocal_confidence:.2f})"


def _wrapped(texts: list[str]) -> list[str]:
    rows = [row for text in texts for row in textwrap.wrap(text, 41)]
    return rows[:8]
