"""Kept cuts start bars exactly, and tempos change little."""

import itertools
import math
import random

import numpy as np
import pytest
from songreel_score.plan.tempo_map import Anchor, bar_lengths, fit_bars, one_tempo


def random_cuts(rng, duration, mean):
    cuts, time = [], 0.0
    while True:
        time += max(0.5, rng.lognormvariate(math.log(mean) - 0.18, 0.6))
        if time > duration - 1.2:
            return [cut for cut in cuts if cut > 1.2]
        cuts.append(round(time * 25) / 25)


def test_spans_join_and_cover_the_film():
    spans = fit_bars([Anchor(4.0), Anchor(9.3), Anchor(15.0)], 21.7, 100.0)
    assert (spans[0].start, spans[-1].end) == (0.0, 21.7)
    assert all(a.end == b.start for a, b in itertools.pairwise(spans))


@pytest.mark.parametrize(("mean", "kept", "change"), [(4.0, 0.95, 0.09), (2.5, 0.88, 0.12)])
def test_most_cuts_are_kept_with_small_changes_of_tempo(mean, kept, change):
    rng = random.Random(1)
    total = held = 0
    changes = []
    for _ in range(8):
        duration = rng.uniform(20, 60)
        cuts = random_cuts(rng, duration, mean)
        spans = fit_bars([Anchor(cut) for cut in cuts], duration, 100.0)
        total, held = total + len(cuts), held + len(spans) - 1
        changes += [abs(b.bpm / a.bpm - 1) for a, b in itertools.pairwise(spans)]
    assert held / total >= kept
    assert np.percentile(changes, 90) <= change


def test_what_a_person_asked_for_is_kept_before_cuts():
    cuts = [Anchor(t) for t in (3.0, 4.1, 5.3, 6.1, 7.4)]
    free = fit_bars(cuts, 12.0, 70.0)
    dropped = next(a.time for a in cuts if a.time not in {span.start for span in free})
    asked = [Anchor(a.time, 1.0, asked=a.time == dropped) for a in cuts]
    assert dropped in {span.start for span in fit_bars(asked, 12.0, 70.0)}


def test_a_film_too_dense_for_bars_still_has_a_map():
    cuts = [Anchor(1.2 + 0.8 * i) for i in range(20)]
    spans = fit_bars(cuts, 18.5, 60.0)
    assert sum(span.beats for span in spans) * 60 / 18.5 == pytest.approx(60, rel=0.35)


def test_one_tempo_meets_regular_cuts():
    span = one_tempo([Anchor(2.4 * i) for i in range(1, 9)], 24.0, 96.0, meet=True)
    beat = 24.0 / span.beats
    assert all(abs(2.4 * i / beat - round(2.4 * i / beat)) < 0.05 for i in range(1, 9))
    assert 0.85 <= span.bpm / 96.0 <= 1.15


@pytest.mark.parametrize("beats", range(1, 30))
def test_bars_add_up_and_at_most_one_is_odd(beats):
    lengths = bar_lengths(beats)
    assert sum(lengths) == beats
    assert sum(length != 4 for length in lengths) <= 1
    assert max(lengths) <= 5
