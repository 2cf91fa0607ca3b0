"""Long songs without words do not repeat themselves."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel_prompt.song import read_song
from songreel_prompt.story.offline import Staging, stage
from songreel_prompt.storyteller import StoryboardRequest
from songreel_prompt.styles import load_styles
from songreel_testing.prompt.synthetic_songs import analysis

STYLES = load_styles()
MINUTES_4 = 240.0
FORMS = {
    "song": [
        (0, 16, "A", 0.4), (16, 56, "B", 0.6), (56, 96, "C", 1.0), (96, 136, "B", 0.65),
        (136, 170, "C", 1.0), (170, 192, "D", 0.4), (192, 228, "C", 1.0), (228, 240, "A", 0.3),
    ],
    "two halves": [(0, 120, "A", 0.8), (120, 240, "B", 0.9)],
    "no sections": [],
}  # fmt: skip
MOODS = {126: (0.5, 0.7), 92: (0.3, -0.3), 70: (-0.5, -0.4), 140: (-0.3, 0.6), 110: (0.0, 0.0)}
"""Tempo to valence and arousal."""


def wordless(form: str, bpm: int) -> SongAnalysis:
    valence, arousal = MOODS[bpm]
    curve = [(t, valence, arousal) for t in range(0, int(MINUTES_4), 5)]
    return analysis(MINUTES_4, bpm=bpm, sections=FORMS[form], curve=curve)


def staged(form: str, bpm: int, seed: int) -> Staging:
    return stage(StoryboardRequest(read_song(wordless(form, bpm)), STYLES["cartoon"], seed))


def share_of_the_commonest(seen: list[tuple[str, ...]]) -> float:
    return Counter(seen).most_common(1)[0][1] / len(seen)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bpm", MOODS)
@pytest.mark.parametrize("form", FORMS)
def test_a_long_song_without_words_does_not_repeat_itself(form: str, bpm: int, seed: int) -> None:
    shots = staged(form, bpm, seed).shots
    pairs = [(shot.picture.subject, shot.picture.place) for shot in shots]
    whole = [
        (shot.picture.subject, shot.picture.place, shot.picture.shot, shot.action)
        for shot in shots
    ]  # fmt: skip
    assert len(shots) >= 30
    assert share_of_the_commonest(pairs) <= 0.10
    assert share_of_the_commonest(whole) <= 0.07
    assert all(one != other for one, other in pairwise(whole))
    assert len({subject for subject, _ in pairs}) >= 8
    assert len({place for _, place in pairs}) >= 4
    assert sum(shot.protagonist for shot in shots) >= len(shots) / 2


@pytest.mark.parametrize("bpm", MOODS)
def test_refrains_are_livelier_than_verses_where_the_song_is_loud(bpm: int) -> None:
    shots = staged("song", bpm, 0).shots

    def lively(role: str) -> float:
        people = [s.action for s in shots if s.part.role == role and s.protagonist]
        return sum(each in {"dance", "cheer", "run", "play"} for each in people) / len(people)

    assert lively("refrain") >= lively("verse")


def test_the_stranger_of_the_verses_is_who_the_couple_is_made_of() -> None:
    scenes = staged("song", 126, 0).scenes
    strangers = {
        (s.kind, s.seed)
        for scene in scenes
        for s in scene.composition.subjects
        if s.kind in {"woman", "man"} and not s.protagonist
    }
    assert len(strangers) == 1
