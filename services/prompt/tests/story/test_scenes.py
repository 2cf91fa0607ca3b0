from __future__ import annotations

import time
from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import given
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel_kit.errors import InvalidAnalysis
from songreel_prompt.song import read_song
from songreel_prompt.story.scenes import BEATLESS_S, LONGEST_S, SHORTEST_S, scene_spans
from songreel_testing.prompt.synthetic_songs import analysis, any_analysis, ballad, many_songs


def spans_of(made: SongAnalysis) -> list[tuple[float, float]]:
    return scene_spans(read_song(made))


@many_songs
@given(any_analysis())
def test_scenes_cover_any_song_exactly(made: SongAnalysis) -> None:
    spans = spans_of(made)
    assert spans[0][0] == 0.0
    assert spans[-1][1] == made.duration
    assert all(one[1] == other[0] for one, other in pairwise(spans))


@many_songs
@given(any_analysis())
def test_scenes_last_2_to_12_seconds_unless_the_song_is_shorter(made: SongAnalysis) -> None:
    spans = spans_of(made)
    if len(spans) == 1:
        assert made.duration <= LONGEST_S
    else:
        assert all(SHORTEST_S - 1e-6 <= end - start <= LONGEST_S + 1e-6 for start, end in spans)


@many_songs
@given(any_analysis())
def test_cuts_are_on_beats_where_there_are_beats(made: SongAnalysis) -> None:
    beats = sorted({*made.beats, *made.downbeats})
    edges = [0.0, *beats, made.duration]
    for cut, _ in spans_of(made)[1:]:
        on_beat = any(abs(cut - beat) <= 0.0006 for beat in beats)
        index = bisect_left(edges, cut)
        beatless = edges[index] - edges[index - 1] > BEATLESS_S
        assert on_beat or beatless


def test_loud_music_is_cut_faster_than_quiet_music() -> None:
    made = analysis(120, bpm=120, sections=[(0, 60, "A", 0.1), (60, 120, "B", 1.0)],
                    curve=[(t, 0, -0.8 if t < 60 else 0.8) for t in range(0, 120, 2)])  # fmt: skip
    spans = spans_of(made)
    quiet = sum(end <= 60 for _, end in spans)
    loud = sum(start >= 60 for start, _ in spans)
    assert loud >= 2 * quiet - 1
    assert quiet >= 5


def test_sections_and_lines_get_their_cuts() -> None:
    cuts = {start for start, _ in spans_of(ballad())}
    assert {8.0, 24.0, 36.0, 48.0, 56.0} <= cuts
    lines = [line.start for line in ballad().lyrics]
    assert sum(line in cuts for line in lines) >= 0.7 * len(lines)


def test_a_cut_goes_to_the_beat_nearest_to_a_section() -> None:
    made = analysis(40, bpm=60, sections=[(0, 19.7, "A", 0.5), (19.7, 40, "B", 0.9)])
    assert 20.0 in {start for start, _ in spans_of(made)}


def test_without_beats_the_line_itself_is_the_cut() -> None:
    made = analysis(30, lines=[(7.3, "one"), (15.1, "two"), (22.9, "three")])
    assert {7.3, 15.1, 22.9} <= {start for start, _ in spans_of(made)}


@pytest.mark.parametrize("bpm", [0.0, 120.0, 6000.0])
def test_twenty_minutes_are_cut_in_seconds(bpm: float) -> None:
    made = analysis(1200, bpm=bpm, lines=[(t, f"line {t}") for t in range(0, 1200, 4)])
    began = time.perf_counter()
    assert len(spans_of(made)) > 100
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize("duration", [0.0, -3.0, float("nan"), float("inf"), 1e9])
def test_a_song_without_a_length_is_refused(duration: float) -> None:
    with pytest.raises(InvalidAnalysis, match="duration"):
        read_song(SongAnalysis(duration=duration))


def test_numbers_that_are_none_are_refused_by_field() -> None:
    with pytest.raises(InvalidAnalysis, match="beats"):
        read_song(SongAnalysis(duration=10, beats=[1.0, float("nan")]))
