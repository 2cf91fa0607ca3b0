"""Made-up analyses: a ballad with a chorus that returns, an instrumental, any song at all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from songreel.audio.v1.analysis_pb2 import SongAnalysis

BALLAD_LINES = [
    (8, "Walking down an empty street"),
    (12, "The rain is falling on my feet"),
    (16, "I see your face in every window"),
    (20, "I wait for you and you don't know"),
    (24, "My heart is burning, burning for you"),
    (28, "Sail me over the ocean blue"),
    (32, "Hold my hand till the morning comes"),
    (36, "Letters lie upon my bed"),
    (40, "All the words you never said"),
    (44, "A lonely bird above the town"),
    (48, "I close my eyes and dream away"),
    (56, "My heart is burning, burning for you"),
    (60, "Sail me over the ocean blue"),
]


def analysis(
    duration: float,
    *,
    bpm: float = 0.0,
    sections: Sequence[tuple[float, float, str, float]] = (),
    lines: Sequence[tuple[float, str]] = (),
    curve: Sequence[tuple[float, float, float]] = (),
    title: str = "",
    language: str = "",
) -> SongAnalysis:
    made = SongAnalysis(duration=duration, title=title, language=language)
    if bpm:
        count = int(duration * bpm / 60)
        made.beats.extend(k * 60 / bpm for k in range(count + 1) if k * 60 / bpm <= duration)
        made.downbeats.extend(list(made.beats)[::4])
    for start, end, label, energy in sections:
        made.sections.add(start=start, end=end, label=label, energy=energy)
    for start, text in lines:
        made.lyrics.add(start=start, end=start + 3.5, text=text)
    for time, valence, arousal in curve:
        made.emotion.curve.add(time=time, valence=valence, arousal=arousal)
    if curve:
        made.emotion.valence = sum(point[1] for point in curve) / len(curve)
        made.emotion.arousal = sum(point[2] for point in curve) / len(curve)
    return made


def ballad() -> SongAnalysis:
    return analysis(
        64.0,
        bpm=120,
        sections=[
            (0, 8, "I", 0.3),
            (8, 24, "A", 0.5),
            (24, 36, "B", 1.0),
            (36, 48, "A", 0.6),
            (48, 56, "C", 0.3),
            (56, 64, "B", 1.0),
        ],
        lines=BALLAD_LINES,
        curve=[(t, -0.4 + t / 80, 0.3 if t > 24 else -0.3) for t in range(0, 64, 2)],
        title="Burning for you",
        language="en",
    )


def instrumental() -> SongAnalysis:
    return analysis(
        180.0,
        bpm=96,
        sections=[
            (0, 20, "A", 0.3),
            (20, 60, "B", 0.6),
            (60, 90, "C", 1.0),
            (90, 120, "B", 0.6),
            (120, 140, "D", 0.2),
            (140, 170, "C", 1.0),
            (170, 180, "A", 0.3),
        ],
        curve=[(t, 0.3, -0.4 + t / 200) for t in range(0, 180, 5)],
    )


many_songs = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])

_WORDS = (
    "love fire rain boat home road night dance the my I burning hearts falling corazon \u6211 "
    "kill money sun and you flying dogs tree window stage sea"
)
WORDS = st.sampled_from(_WORDS.split())
LABELS = st.sampled_from(["", "A", "B", "C", "D"])
UNIT = st.floats(-1, 1, allow_nan=False)


@st.composite
def any_analysis(draw: st.DrawFn) -> SongAnalysis:
    """Short and long, with and without beats, sections, lyrics and feelings, also unsorted."""
    duration = draw(
        st.one_of(st.floats(0.05, 30), st.floats(30, 400), st.sampled_from([0.9, 2.0, 4.0, 1200.0]))
    )
    bpm = draw(st.sampled_from([0.0, 7.0, 33.0, 61.7, 120.0, 171.3, 900.0]))
    if duration > 500:
        bpm = min(bpm, 171.3)
    inside = st.floats(0, duration)
    cuts = sorted(draw(st.lists(inside, max_size=8)))
    edges = [0.0, *cuts, duration]
    sections = [(a, b, draw(LABELS), draw(st.floats(0, 1))) for a, b in pairwise(edges) if b > a]
    made = analysis(
        duration,
        bpm=bpm,
        sections=sections if draw(st.booleans()) else (),
        lines=draw(
            st.lists(st.tuples(inside, st.lists(WORDS, max_size=6).map(" ".join)), max_size=12)
        ),
        curve=draw(st.lists(st.tuples(inside, UNIT, UNIT), max_size=12)),
        language=draw(st.sampled_from(["", "en", "en-GB", "es", "zh"])),
    )
    if draw(st.booleans()):  # beats only in a part of the song
        hole = sorted(draw(st.tuples(inside, inside)))
        kept = [beat for beat in made.beats if not hole[0] < beat < hole[1]]
        del made.beats[:]
        made.beats.extend(kept)
        downbeats = [beat for beat in made.downbeats if not hole[0] < beat < hole[1]]
        del made.downbeats[:]
        made.downbeats.extend(downbeats)
    return made
