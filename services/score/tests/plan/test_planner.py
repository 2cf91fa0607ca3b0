"""A plan is whole, follows the film and what a person asked for, and can be edited."""

import dataclasses
import itertools

import numpy as np
import pytest
import yaml
from songreel_kit.errors import InvalidRequest, InvalidScorePlan, UnknownStyle
from songreel_score.plan.harmony import chord_name, parse_chord, parse_key
from songreel_score.plan.plan_checks import check
from songreel_score.plan.plan_document import from_yaml, to_yaml
from songreel_score.plan.planner import PlanRequest, make_plan
from songreel_score.plan.score_plan import MoodPoint
from songreel_score.styles import STYLES
from songreel_testing.score.plans import analysis_of, plan_of

CUTS = (4.0, 8.1, 12.0, 17.5)


def test_kept_cuts_start_bars():
    plan = plan_of(cuts=CUTS)
    starts = [bar.start for bar in plan.bars()]
    assert len(plan.hits) == len(CUTS)
    for hit in plan.hits:
        assert hit.error_ms == 0.0
        assert min(abs(hit.time - start) for start in starts) < 1e-9


def test_bars_cover_the_film_and_have_chords():
    bars = plan_of(duration=31.37, cuts=CUTS).bars()
    assert bars[0].start == 0.0
    assert bars[-1].end == 31.37
    assert all(a.end == pytest.approx(b.start) for a, b in itertools.pairwise(bars))
    assert all(bar.bar.chords for bar in bars)


def test_cuts_at_the_edges_and_beside_others_are_passed_over_with_a_reason():
    plan = plan_of(cuts=(0.3, 6.0, 6.3, 23.5))
    reasons = {round(cut.time, 1): cut.reason for cut in plan.skipped}
    assert "start or end" in reasons[0.3]
    assert "start or end" in reasons[23.5]
    assert "stronger" in reasons[6.3]


@pytest.mark.parametrize("cuts", [(), tuple(0.3 * i for i in range(1, 80))])
def test_no_cuts_and_two_hundred_a_minute_both_give_music(cuts):
    plan = plan_of(cuts=cuts)
    check(plan, 24.0)
    assert len(plan.hits) + len(plan.skipped) == len(cuts)


def test_soft_sync_keeps_one_tempo_and_tells_its_errors():
    plan = plan_of(cuts=CUTS, sync="soft")
    assert len(plan.stretches) == 1
    assert plan.hits
    assert all(abs(hit.error_ms) <= 80.0 for hit in plan.hits)


def test_without_sync_nothing_is_marked():
    plan = plan_of(cuts=CUTS, sync="off")
    assert (plan.hits, len(plan.stretches)) == ((), 1)


def test_mood_decides_mode_and_tempo():
    happy, sad = plan_of(moods=((0.7, 0.7),)), plan_of(moods=((-0.6, -0.6),))
    assert {section.scale for section in happy.sections} <= {"major", "lydian"}
    assert {section.scale for section in sad.sections} == {"minor"}
    assert happy.stretches[0].bpm > sad.stretches[0].bpm + 20


def test_themes_return():
    names = [section.name for section in plan_of(duration=60.0, moods=((0.3, 0.3),)).sections]
    assert names[:4] == ["A", "A'", "B", "A"]


def test_keyframes_bend_the_films_mood():
    asked = (MoodPoint(0.0, -0.8, -0.8), MoodPoint(20.0, 0.9, 0.9))
    plan = make_plan(analysis_of(), PlanRequest(mood=asked))
    assert plan.mood_at(0.0) == (-0.8, -0.8)
    assert plan.mood_at(10.0) == pytest.approx((0.05, 0.05))
    assert {point.by for point in plan.mood if point.time in (0.0, 20.0)} == {"person"}


def test_a_moment_that_was_asked_for_is_marked():
    plan = make_plan(analysis_of(), PlanRequest(hits=(9.77,)))
    assert [(hit.time, hit.by) for hit in plan.hits] == [(9.77, "person")]


def test_the_same_seed_gives_the_same_plan():
    assert plan_of(seed=4, cuts=CUTS) == plan_of(seed=4, cuts=CUTS)
    assert plan_of(seed=4, cuts=CUTS) != plan_of(seed=5, cuts=CUTS)


@pytest.mark.parametrize(
    ("asked", "error", "word"),
    [
        ({"style": "polka"}, UnknownStyle, "cinematic"),
        ({"sync": "tight"}, InvalidRequest, "hard, soft, off"),
        ({"key": "H"}, InvalidScorePlan, "key is 'H'"),
        ({"bpm": 900.0}, InvalidRequest, "40 to 220"),
        ({"hits": (99.0,)}, InvalidRequest, "outside the video"),
        ({"mood": (MoodPoint(1.0, 2.0, 0.0),)}, InvalidRequest, "between -1 and 1"),
    ],
)
def test_what_cannot_be_planned_is_refused(asked, error, word):
    with pytest.raises(error, match=word):
        make_plan(analysis_of(), PlanRequest(**asked))


@pytest.mark.parametrize("style", STYLES)
def test_a_plan_survives_its_document(style):
    plan = plan_of(cuts=CUTS, style=style, moods=((0.4, 0.2), (-0.5, 0.6)))
    assert from_yaml(to_yaml(plan), plan.duration) == plan


def edited(change):
    document = yaml.safe_load(to_yaml(plan_of(cuts=CUTS)))
    change(document)
    return yaml.safe_dump(document)


def test_an_edited_key_transposes_every_chord():
    plan = from_yaml(edited(lambda d: d.update(key="A")), 24.0)
    first = plan.bars()[0].bar.chords[0]
    assert chord_name(first, parse_key(plan.key)).startswith("A")


def test_more_beats_in_a_stretch_make_it_faster():
    plan = plan_of(cuts=CUTS)
    stretch = plan.stretches[0]
    faster = dataclasses.replace(stretch, bars=(*stretch.bars, stretch.bars[-1]))
    assert faster.bpm > stretch.bpm


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda d: d.update(format=9), "format"),
        (lambda d: d.update(duration=25.0), "25.000 s"),
        (lambda d: d.pop("mood"), "mood"),
        (lambda d: d.update(mood=[]), "mood is empty"),
        (lambda d: d["mood"].append({"time": 99}), r"mood\[1\]"),
        (lambda d: d["stretches"][0]["bars"].pop(), "sections have"),
        (lambda d: d["stretches"][0]["bars"][0].update(chords=["H7"]), "no numeral"),
        (lambda d: d["stretches"][0]["bars"][0].update(beats=40), "40 beats"),
        (lambda d: d["stretches"].pop(0), "has to start"),
        (lambda d: d["sections"][0].update(theme="Z"), "'Z'"),
        (lambda d: d["sections"][0].update(scale="blue"), "no scale"),
        (lambda d: d["hits"][0].update(strength=7), "strength"),
        (lambda d: d["hits"][0].update(time=float("nan")), "give a number"),
        (lambda d: d.update(sync="tight"), "sync"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(change, word):
    with pytest.raises(InvalidScorePlan, match=word):
        from_yaml(edited(change), 24.0)


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "format: 1"])
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(InvalidScorePlan):
        from_yaml(text)


def test_numerals_are_chords_of_the_key():
    assert parse_chord("bVI", 2).tones == (10, 2, 5)
    assert parse_chord("vi7", 0).tones == (9, 0, 4, 7)
    assert chord_name("bIII", 0) == "Eb"
    assert chord_name("iv", 9) == "Dm"


def test_seconds_and_beats_agree_across_tempos():
    plan = plan_of(cuts=CUTS)
    firsts = np.array([bar.first_beat for bar in plan.bars()], float)
    assert plan.seconds_at(firsts) == pytest.approx([bar.start for bar in plan.bars()])
