"""Film and music on one time axis: pictures, cuts, hits, tempo, chords, notes, mood, loudness."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from songreel_score.film.film_strip import film_strip
from songreel_score.perform.performance import Performance
from songreel_score.plan.harmony import chord_name, parse_key
from songreel_score.plan.score_plan import ScorePlan
from songreel_score.styles import ROLES
from songreel_score.watch.speech import Span

_INK, _MUTED, _PAPER = "#22303c", "#8895a1", "#fbfaf7"
_HIT, _SKIPPED = "#c1440e", "#b8bfc6"
_VALENCE, _AROUSAL = "#2a7f62", "#c1440e"
_THEMES: Final = {"A": "#8ecae6", "B": "#ffb703", "C": "#90be6d"}
_ROLE_COLOURS: Final = dict(
    zip(
        ROLES,
        ("#c1440e", "#e08e45", "#3a5ba0", "#6c8ebf", "#b8c0ff", "#2a7f62", "#8895a1", "#22303c"),
        strict=True,
    )
)
_PICTURES: Final = 14
# More labels than this cannot be read.
_MOST_LABELS: Final = 48
_MOST_CHORDS: Final = 26


@dataclass(frozen=True)
class Timeline:
    """What the picture shows."""

    video: Path
    plan: ScorePlan
    performance: Performance
    momentary: np.ndarray
    """LUFS every 100 ms."""
    lufs: float
    true_peak: float
    speech: Sequence[Span]
    title: str


def draw(timeline: Timeline, path: Path) -> None:
    """Draws a PNG of 1800 x 1150 pixels."""
    figure = Figure(figsize=(18, 11.5), dpi=100, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        6, 1, height_ratios=(1.0, 0.75, 0.95, 2.5, 1.15, 1.0), hspace=0.16,
        left=0.06, right=0.985, top=0.925, bottom=0.05,
    )  # fmt: skip
    rows = [figure.add_subplot(grid[row]) for row in range(6)]
    for axes in rows:
        _plain(axes)
        axes.set_xlim(0, timeline.plan.duration)
    _strip(rows[0], timeline)
    _hits(rows[1], timeline.plan)
    _tempo_and_chords(rows[2], timeline.plan)
    _notes(rows[3], timeline)
    _mood(rows[4], timeline)
    _loudness(rows[5], timeline)
    for axes in rows[:-1]:
        axes.tick_params(labelbottom=False, length=0)
    rows[-1].set_xlabel("seconds", color=_INK)
    _title(figure, timeline)
    with warnings.catch_warnings():
        # A title may be in a script that the font does not have; boxes stand for it.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(path, format="png", facecolor=_PAPER)


def _plain(axes: Any) -> None:
    axes.set_facecolor(_PAPER)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_MUTED)
    axes.tick_params(colors=_MUTED, labelsize=9, length=3)
    axes.set_yticks([])


def _name(axes: Any, text: str) -> None:
    axes.set_ylabel(text, color=_INK, fontsize=10)


def _title(figure: Figure, timeline: Timeline) -> None:
    plan = timeline.plan
    figure.text(0.06, 0.965, timeline.title[:90], fontsize=20, color=_INK, weight="bold",
                parse_math=False)  # fmt: skip
    bpm = [stretch.bpm for stretch in plan.stretches]
    tempo = f"{min(bpm):.0f} to {max(bpm):.0f}" if max(bpm) - min(bpm) >= 1 else f"{bpm[0]:.0f}"
    cuts = len(plan.hits) + len(plan.skipped)
    figure.text(
        0.06, 0.942,
        f"{plan.duration:.2f} s   {plan.style} in {plan.key} {plan.sections[0].scale}   "
        f"{tempo} bpm   {len(plan.hits)} of {cuts} cuts marked, sync {plan.sync}   "
        f"{timeline.lufs:.1f} LUFS, {timeline.true_peak:.1f} dBTP",
        fontsize=11, color=_MUTED,
    )  # fmt: skip


def _strip(axes: Any, timeline: Timeline) -> None:
    _name(axes, "film")
    duration = timeline.plan.duration
    pictures = film_strip(timeline.video, duration, _PICTURES)
    width = duration / _PICTURES
    box = axes.get_window_extent()
    slot = box.width / _PICTURES / box.height
    for number, picture in enumerate(pictures):
        height, wide = picture.shape[:2]
        # Cut to the slot's shape, so that faces keep theirs.
        if wide / height > slot:
            left = int((wide - height * slot) / 2)
            shown = picture[:, left : wide - left]
        else:
            top = int((height - wide / slot) / 2)
            shown = picture[top : height - top]
        axes.imshow(
            shown, extent=(number * width, (number + 1) * width, 0, 1), aspect="auto", zorder=1
        )
    axes.set_xlim(0, duration)
    axes.set_ylim(0, 1)


def _hits(axes: Any, plan: ScorePlan) -> None:
    _name(axes, "cuts, ms")
    axes.set_ylim(0, 1)
    axes.vlines([cut.time for cut in plan.skipped], 0, 0.45, color=_SKIPPED, linewidth=1.2)
    axes.vlines([hit.time for hit in plan.hits], 0, 0.62, color=_HIT,
                linewidth=[1.0 + 2.0 * hit.strength for hit in plan.hits])  # fmt: skip
    if len(plan.hits) <= _MOST_LABELS:
        for hit in plan.hits:
            axes.text(hit.time, 0.7, f"{hit.error_ms + 0.0:+.0f}", color=_HIT, fontsize=9,
                      ha="center", va="bottom")  # fmt: skip


def _tempo_and_chords(axes: Any, plan: ScorePlan) -> None:
    _name(axes, "bpm, chords")
    axes.set_ylim(0, 1)
    bars, tonic = plan.bars(), parse_key(plan.key)
    for bar in bars:
        colour = _THEMES.get(bar.section.theme, _MUTED)
        axes.add_patch(
            Rectangle((bar.start, 0.0), bar.end - bar.start, 0.55, facecolor=colour,
                      alpha=0.55 if bar.section.variation else 0.85, edgecolor=_PAPER)
        )  # fmt: skip
        if bar.section_bar == 0:
            axes.text(bar.start, 0.57, f" {bar.section.name}", fontsize=10, color=_INK,
                      weight="bold", va="bottom")  # fmt: skip
    step = -(-len(bars) // _MOST_CHORDS)
    for bar in bars[::step]:
        chords = " ".join(chord_name(chord, tonic) for chord in bar.bar.chords)
        axes.text((bar.start + bar.end) / 2, 0.27, chords, fontsize=9, color=_INK, ha="center",
                  va="center", clip_on=True)  # fmt: skip
    if len(plan.stretches) <= _MOST_LABELS:
        for stretch in plan.stretches:
            axes.text((stretch.start + stretch.end) / 2, 0.98, f"{stretch.bpm:.0f}", fontsize=9,
                      color=_MUTED, ha="center", va="top")  # fmt: skip


def _notes(axes: Any, timeline: Timeline) -> None:
    _name(axes, "notes")
    performance = timeline.performance
    axes.vlines([hit.music_time for hit in timeline.plan.hits], 0, 128, color=_HIT, linewidth=0.7,
                alpha=0.5)  # fmt: skip
    for role in ROLES:
        notes = [note for note in performance.notes if note.role == role]
        if not notes:
            continue
        drums = role == "drums"
        lines = [
            [(n.start, y), (n.start + 0.04 if drums else n.end, y)]
            for n in notes
            for y in [14 + (n.pitch - 35) * 0.5 if drums else n.pitch]
        ]
        colour = _ROLE_COLOURS[role]
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=2.6, alpha=0.8))
        axes.plot([], [], color=colour, linewidth=4, label=role)
    pitched = [n.pitch for n in performance.notes if n.role != "drums"]
    axes.set_ylim(12, max(pitched, default=84) + 4)
    # Above the notes, which may reach the top of their panel.
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=8, fontsize=9, frameon=False,
                labelcolor=_INK, handlelength=1.2)  # fmt: skip


def _mood(axes: Any, timeline: Timeline) -> None:
    _name(axes, "mood")
    plan = timeline.plan
    times = np.linspace(0, plan.duration, 400)
    moods = np.array([plan.mood_at(time) for time in times])
    axes.axhline(0, color=_SKIPPED, linewidth=0.8)
    for column, (label, colour) in enumerate((("valence", _VALENCE), ("arousal", _AROUSAL))):
        axes.plot(times, moods[:, column], color=colour, linewidth=2, label=label)
        for point in plan.mood:
            value = (point.valence, point.arousal)[column]
            asked = point.by == "person"
            axes.plot(point.time, value, "D" if asked else "o", color=colour,
                      markersize=7 if asked else 3.5)  # fmt: skip
    axes.set_ylim(-1.05, 1.05)
    axes.legend(loc="upper right", ncols=2, fontsize=9, frameon=False, labelcolor=_INK)


def _loudness(axes: Any, timeline: Timeline) -> None:
    _name(axes, "LUFS")
    times = 0.2 + 0.1 * np.arange(len(timeline.momentary))
    axes.fill_between(times, -60, np.maximum(timeline.momentary, -60), color="#6c8ebf", alpha=0.75,
                      linewidth=0)  # fmt: skip
    axes.axhline(timeline.lufs, color=_INK, linewidth=0.8, linestyle="--")
    for span in timeline.speech:
        axes.axvspan(span.start, span.end, color="#ffb703", alpha=0.35, linewidth=0)
    if timeline.speech:
        axes.text(timeline.speech[0].start, -3, "speech", fontsize=9, color=_INK, va="top")
    axes.set_ylim(-45, 0)
    axes.set_yticks([-40, -27, -14])
