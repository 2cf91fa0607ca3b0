"""The arranger plays the plan's chords, brings themes back, and moves with the mood."""

import numpy as np
import pytest
from songreel_kit.errors import UnknownEngine
from songreel_score.compose.arranger import Arranger
from songreel_score.compose.engines import ENGINES, find_engine
from songreel_score.plan.harmony import parse_chord, parse_key, scale_pitches
from songreel_score.styles import ROLES, STYLES
from songreel_testing.score.plans import plan_of

CUTS = (4.0, 8.1, 12.0, 17.5)


def compose(plan):
    return Arranger().compose(plan, lambda part: None).notes


def pitched(notes):
    return [note for note in notes if note.role != "drums"]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("mood", [(0.7, 0.8), (-0.6, -0.6), (-0.6, 0.7), (0.4, -0.7)])
def test_notes_belong_to_chords_and_key(style, mood):
    plan = plan_of(cuts=CUTS, style=style, moods=(mood,))
    notes, tonic, bars = pitched(compose(plan)), parse_key(plan.key), plan.bars()
    of_chord = in_key = 0
    for note in notes:
        bar = [bar for bar in bars if bar.first_beat <= note.beat + 1e-9][-1]
        tones = parse_chord(bar.bar.chords[0], tonic).tones
        of_chord += note.pitch % 12 in tones
        in_key += note.pitch % 12 in {*tones, *scale_pitches(bar.section.scale, tonic)}
    assert of_chord / len(notes) >= 0.85
    assert in_key == len(notes)


@pytest.mark.parametrize("style", STYLES)
def test_notes_lie_within_the_music_and_the_instruments(style):
    plan = plan_of(cuts=CUTS, style=style, moods=((-0.9, 0.9), (0.9, -0.9), (0.9, 0.9)))
    notes = compose(plan)
    assert {note.role for note in notes} <= set(ROLES)
    assert all(0 <= note.beat < plan.beats and note.length > 0 for note in notes)
    assert all(21 <= note.pitch <= 108 for note in pitched(notes))
    assert all(0 < note.weight <= 1 for note in notes)


def test_livelier_moods_have_more_notes():
    counts = [len(compose(plan_of(moods=((0.3, a),), bpm=100.0))) for a in (-0.9, -0.3, 0.2, 0.8)]
    assert counts == sorted(counts)
    assert counts[-1] > 3 * counts[0]


def test_dark_moods_lie_lower():
    def height(valence):
        notes = compose(plan_of(moods=((valence, 0.3),), key="C"))
        return np.mean([note.pitch for note in notes if note.role == "melody"])

    assert height(0.8) > height(-0.8) + 4


def melody_steps(notes, plan, section):
    """Beats within the section's first three bars, and pitches, of its tune."""
    bars = [bar for bar in plan.bars() if bar.section is section][:3]
    first, last = bars[0].first_beat, bars[-1].first_beat + bars[-1].bar.beats
    return [
        (round(note.beat - first, 3), note.pitch)
        for note in notes
        if note.role == "melody" and first <= note.beat < last
    ]


def test_a_theme_comes_back():
    plan = plan_of(duration=60.0, moods=((0.3, 0.3),), bpm=120.0)
    notes = compose(plan)
    tunes = [set(melody_steps(notes, plan, section)) for section in plan.sections[:4]]

    def alike(one, other):
        return len(one & other) / len(one | other)

    a, varied, b, again = tunes
    assert alike(a, again) > 0.9
    assert 0.3 < alike(a, varied) < 1.0
    assert alike(a, b) < 0.3


def test_the_last_bar_holds_the_tonic():
    plan = plan_of(cuts=CUTS)
    last = plan.bars()[-1]
    notes = [note for note in pitched(compose(plan)) if note.beat >= last.first_beat]
    tonic = parse_key(plan.key)
    assert {note.beat for note in notes} == {float(last.first_beat)}
    assert all(note.pitch % 12 in parse_chord("Iadd9", tonic).tones for note in notes)


def test_the_same_plan_gives_the_same_notes():
    plan = plan_of(cuts=CUTS, seed=7)
    assert compose(plan) == compose(plan)


def test_engines_are_found_by_name():
    assert find_engine("").version == find_engine("arranger").version
    with pytest.raises(UnknownEngine, match=", ".join(ENGINES)):
        find_engine("mozart")
