"""From the analysis of a video to the plan of its soundtrack."""

from __future__ import annotations

import bisect
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from songreel_kit.bounds.score import MAX_BPM, MIN_BPM, SYNC_MODES
from songreel_kit.errors import InvalidRequest

from songreel_score.plan import progressions, sections, tempo_map, themes
from songreel_score.plan.harmony import NOTES, parse_key
from songreel_score.plan.score_plan import (
    FILM,
    PERSON,
    Bar,
    Hit,
    MoodPoint,
    ScorePlan,
    Section,
    SkippedCut,
    Stretch,
)
from songreel_score.plan.tempo_map import Anchor, TempoSpan
from songreel_score.styles import Style, find_style
from songreel_score.watch.analysis import VideoAnalysis

VERSION: Final = "2026.12-1"
"""Changes whenever the same analysis would be planned differently."""

# A bar has to fit before a cut and after it, s.
_EDGE: Final = 1.2
_CLOSEST: Final = 0.75
# With one tempo a cut this near to a beat (s) is marked; ears take it as together.
_SOFT_REACH: Final = 0.08


@dataclass(frozen=True)
class PlanRequest:
    """What a person asks of the plan."""

    style: str = ""
    key: str = ""
    """The tonic; chosen by the seed when empty."""
    sync: str = "hard"
    seed: int = 0
    mood: tuple[MoodPoint, ...] = ()
    """Keyframes by hand: the film's mood is taken no more where they are."""
    hits: tuple[float, ...] = ()
    """Moments to mark beside the cuts, s."""
    bpm: float = 0.0
    """The tempo wished for; from the mood when 0."""


def make_plan(analysis: VideoAnalysis, request: PlanRequest | None = None) -> ScorePlan:
    """Plans the soundtrack of a video.

    Raises:
        InvalidRequest: no such way to sync, a tempo or a keyframe out of range.
        UnknownStyle: no such style.
        InvalidScorePlan: no such key.
    """
    request = request or PlanRequest()
    style = find_style(request.style)
    _check(request, analysis.duration)
    rng = random.Random(request.seed)
    tonic = parse_key(request.key) if request.key else rng.randrange(12)
    mood = _mood(analysis, request.mood)
    arousal = float(np.mean([_at(mood, t)[1] for t in np.linspace(0, analysis.duration, 101)]))
    bpm = request.bpm or _wish(style, arousal)
    anchors, dropped = _anchors(analysis, request)
    spans, kept, skipped = _tempo(anchors, analysis.duration, bpm, request.sync)
    plan = ScorePlan(
        duration=analysis.duration,
        style=style.name,
        key=NOTES[tonic],
        sync=request.sync,
        seed=request.seed,
        mood=mood,
        hits=kept,
        skipped=tuple(sorted((*dropped, *skipped), key=lambda cut: cut.time)),
        sections=(),
        themes={},
        stretches=tuple(
            Stretch(
                span.start,
                span.end,
                tuple(Bar(n, ()) for n in tempo_map.bar_lengths(span.beats)),
            )
            for span in spans
        ),
        warnings=analysis.warnings,
    )
    return _with_music(plan, style, rng)


def _check(request: PlanRequest, duration: float) -> None:
    if request.sync not in SYNC_MODES:
        raise InvalidRequest(f"sync is {request.sync!r}; it may be {', '.join(SYNC_MODES)}")
    if request.bpm and not MIN_BPM <= request.bpm <= MAX_BPM:
        raise InvalidRequest(
            f"bpm is {request.bpm:g}; give {MIN_BPM:g} to {MAX_BPM:g}, or 0 to choose by the mood"
        )
    for point in request.mood:
        if max(abs(point.valence), abs(point.arousal)) > 1.0:
            raise InvalidRequest(
                f"the mood at {point.time:g} s is {point.valence:g},{point.arousal:g}; valence and "
                "arousal lie between -1 and 1"
            )
    for time in (*request.hits, *(point.time for point in request.mood)):
        if not 0.0 <= time <= duration:
            raise InvalidRequest(f"{time:g} s is outside the video, which has {duration:.2f} s")


def _wish(style: Style, arousal: float) -> float:
    low, high = style.tempo
    return low + (high - low) * (np.clip(arousal, -1, 1) + 1) / 2


def _mood(analysis: VideoAnalysis, given: Sequence[MoodPoint]) -> tuple[MoodPoint, ...]:
    """The film's curve, bent through what a person set; far from it the film's own remains."""
    film = [
        MoodPoint(round((m.start + m.end) / 2, 3), m.valence, m.arousal, FILM)
        for m in analysis.moods
    ]
    asked = sorted((replace(point, by=PERSON) for point in given), key=lambda p: p.time)
    if not asked:
        return tuple(film)
    # One keyframe is the whole film's mood; several speak for the time between them.
    first, last = (0.0, analysis.duration) if len(asked) == 1 else (asked[0].time, asked[-1].time)
    outside = [point for point in film if not first <= point.time <= last]
    return tuple(sorted((*outside, *asked), key=lambda point: point.time))


def _at(mood: Sequence[MoodPoint], time: float) -> tuple[float, float]:
    times = [point.time for point in mood]
    return (
        float(np.interp(time, times, [point.valence for point in mood])),
        float(np.interp(time, times, [point.arousal for point in mood])),
    )


def _anchors(
    analysis: VideoAnalysis, request: PlanRequest
) -> tuple[list[Anchor], list[SkippedCut]]:
    """What may start a bar: hits that were asked for, then cuts, the strongest first."""
    wanted = [Anchor(time, 1.0, asked=True) for time in request.hits]
    wanted += sorted(
        (Anchor(cut.time, cut.strength) for cut in analysis.cuts), key=lambda a: -a.strength
    )
    taken: list[float] = []
    anchors: list[Anchor] = []
    dropped: list[SkippedCut] = []
    for anchor in wanted:
        place = bisect.bisect(taken, anchor.time)
        near = [abs(anchor.time - t) for t in taken[max(0, place - 1) : place + 1]]
        if not _EDGE <= anchor.time <= analysis.duration - _EDGE:
            dropped.append(SkippedCut(anchor.time, "too near to the video's start or end"))
        elif near and min(near) < _CLOSEST:
            dropped.append(SkippedCut(anchor.time, "too near to a stronger one"))
        else:
            taken.insert(place, anchor.time)
            anchors.append(anchor)
    return sorted(anchors, key=lambda anchor: anchor.time), dropped


def _tempo(
    anchors: Sequence[Anchor], duration: float, bpm: float, sync: str
) -> tuple[tuple[TempoSpan, ...], tuple[Hit, ...], list[SkippedCut]]:
    if sync == "hard":
        spans = tempo_map.fit_bars(anchors, duration, bpm)
        starts = {span.start for span in spans}
        reason = "keeping it would change the tempo too much"
        hits = [_hit(a, a.time) for a in anchors if a.time in starts]
        return (
            spans,
            tuple(hits),
            [SkippedCut(a.time, reason) for a in anchors if a.time not in starts],
        )
    span = tempo_map.one_tempo(anchors, duration, bpm, meet=sync == "soft")
    if sync == "off":
        return (span,), (), [SkippedCut(a.time, "sync is off") for a in anchors]
    beat = duration / span.beats
    hits, skipped = [], []
    for anchor in anchors:
        nearest = round(anchor.time / beat) * beat
        if abs(nearest - anchor.time) <= _SOFT_REACH:
            hits.append(_hit(anchor, nearest))
        else:
            skipped.append(SkippedCut(anchor.time, "no beat of the one tempo is near"))
    return (span,), tuple(hits), skipped


def _hit(anchor: Anchor, music_time: float) -> Hit:
    return Hit(anchor.time, music_time, anchor.strength, PERSON if anchor.asked else FILM)


def _with_music(plan: ScorePlan, style: Style, rng: random.Random) -> ScorePlan:
    """Adds sections, chords and themes to a plan that has bars and mood."""
    count = sum(len(stretch.bars) for stretch in plan.stretches)
    bare = replace(plan, sections=(Section("A", "A", 0, "major", count),))
    starts = np.array([bar.start for bar in bare.bars()] + [plan.duration])
    hit_times = np.array([hit.music_time for hit in plan.hits])
    spans = sections.divide(_turns(plan, starts, hit_times))
    harmony: dict[tuple[str, str], tuple[str, ...]] = {}
    chords: list[tuple[str, ...]] = []
    made: list[Section] = []
    tunes = {}
    for span in spans:
        valence, arousal = _mean_mood(plan, starts[span.first], starts[span.first + span.bars])
        chosen = progressions.palette(valence, arousal)
        four = harmony.get((span.theme, chosen.scale))
        if four is None:
            four = harmony[span.theme, chosen.scale] = progressions.four_chords(chosen, rng)
        if span.theme not in tunes:
            tunes[span.theme] = themes.make_theme(span.theme, arousal, rng)
        is_last = span is spans[-1]
        chords += _section_chords(span.bars, four, chosen, style.chord_bars, is_last)
        made.append(Section(span.name, span.theme, span.variation, chosen.scale, span.bars))
    return replace(plan, sections=tuple(made), themes=tunes, stretches=_chorded(plan, chords))


def _turns(plan: ScorePlan, starts: np.ndarray, hits: np.ndarray) -> list[float]:
    turns: list[float] = []
    moods = [_mean_mood(plan, a, b) for a, b in pairwise(starts)]
    for number, start in enumerate(starts[:-1]):
        on_hit = len(hits) > 0 and float(np.min(np.abs(hits - start))) < 1e-3
        change = 0.0
        if number:
            change = float(np.hypot(*np.subtract(moods[number], moods[number - 1])))
        turns.append(min(1.0, (0.5 if on_hit else 0.0) + change))
    return turns


def _mean_mood(plan: ScorePlan, start: float, end: float) -> tuple[float, float]:
    points = [plan.mood_at(t) for t in np.linspace(start, end, 9)]
    return tuple(np.mean(points, axis=0).tolist())


def _section_chords(
    bars: int, four: Sequence[str], chosen: progressions.Palette, hold: int, is_last: bool
) -> list[tuple[str, ...]]:
    chords = [four[(bar // hold) % len(four)] for bar in range(bars)]
    if is_last:
        chords[-1] = chosen.close
        if bars > 2:
            chords[-2] = chosen.dominant
    elif bars >= sections.PHRASE:
        chords[-1] = chosen.dominant if four[-1] != chosen.dominant else four[-1]
    return [(chord,) for chord in chords]


def _chorded(plan: ScorePlan, chords: Sequence[tuple[str, ...]]) -> tuple[Stretch, ...]:
    rest = iter(chords)
    return tuple(
        replace(s, bars=tuple(replace(bar, chords=next(rest)) for bar in s.bars))
        for s in plan.stretches
    )
