from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel_kit.errors import UnknownStoryteller
from songreel_prompt.seeded_choice import MAX_SEED
from songreel_prompt.song import read_song
from songreel_prompt.story.offline import MAX_TAIL_WORDS, write_storyboard
from songreel_prompt.story.storyteller import OfflineStoryteller
from songreel_prompt.story.structure import song_parts
from songreel_prompt.story.templates import story_templates
from songreel_prompt.storyboard.checks import check_storyboard
from songreel_prompt.storyteller import StoryboardRequest
from songreel_prompt.storytellers import find_storyteller
from songreel_prompt.styles import load_styles
from songreel_prompt.wording.lexicon import images, images_of, lemmas_of
from songreel_prompt.wording.tokens import token_count
from songreel_prompt.wording.vocabulary import (
    CAMERAS,
    MOODS,
    PLACES,
    SHOTS,
    SUBJECTS,
    TIMES,
    WEATHERS,
    fits,
)
from songreel_testing.prompt.synthetic_songs import (
    analysis,
    any_analysis,
    ballad,
    instrumental,
    many_songs,
)

STYLES = load_styles()


def told(made: SongAnalysis, style: str = "cartoon", seed: int = 0) -> Storyboard:
    return write_storyboard(StoryboardRequest(read_song(made), STYLES[style], seed))


def place_of(scene: Scene) -> str:
    return next(key for key, phrase in PLACES.items() if f" {phrase}," in scene.prompt)


def subject_of(scene: Scene) -> str:
    head = scene.prompt.split(f" {PLACES[place_of(scene)]},")[0].partition(" of ")[2]
    return next((key for key, phrase in SUBJECTS.items() if phrase == head), "none")


def tail_of(scene: Scene, style: str) -> list[str]:
    """The words between the caption and the style's own."""
    phrases = scene.prompt.split(", ")[5:]
    return " ".join(p for p in phrases if p not in STYLES[style].words).split()


def between(board: Storyboard, start: float, end: float) -> list[Scene]:
    return [scene for scene in board.scenes if start <= scene.start < end]


@many_songs
@given(any_analysis())
def test_any_song_gets_a_storyboard_that_passes_the_checks(made: SongAnalysis) -> None:
    board = told(made)
    checked = check_storyboard(board, STYLES, duration=made.duration)
    assert list(checked.notes) == list(board.notes)
    for scene in board.scenes:
        assert scene.prompt.startswith("cartoon of ")
        assert len(tail_of(scene, "cartoon")) <= MAX_TAIL_WORDS
        assert token_count(scene.prompt) <= 75
        assert 0 <= scene.seed <= MAX_SEED
        assert fits(subject_of(scene), place_of(scene))


@many_songs
@given(any_analysis())
def test_no_three_shots_in_a_row_are_alike(made: SongAnalysis) -> None:
    shots = [scene.shot for scene in told(made).scenes]
    assert all(len(set(shots[i : i + 3])) > 1 for i in range(len(shots) - 2))


@many_songs
@given(any_analysis())
def test_neighbours_are_neither_equal_nor_unrelated(made: SongAnalysis) -> None:
    board = told(made)
    garment = board.treatment.motifs[1]
    for one, other in pairwise(board.scenes):
        assert one.prompt != other.prompt
        shared = (
            place_of(one) == place_of(other)
            or (garment in one.prompt and garment in other.prompt)
            or subject_of(one) == subject_of(other)
            or SUBJECTS[subject_of(one)] in other.prompt
            or SUBJECTS[subject_of(other)] in one.prompt
            or board.treatment.motifs[0] in one.prompt
            or board.treatment.motifs[0] in other.prompt
        )
        assert shared, (one.prompt, other.prompt)


@many_songs
@given(any_analysis())
def test_the_protagonist_is_in_about_half_of_the_scenes_or_more(made: SongAnalysis) -> None:
    scenes = told(made).scenes
    assert sum(scene.protagonist for scene in scenes) >= len(scenes) // 2


@many_songs
@given(any_analysis(), st.sampled_from([None, 0.3, 0.5, 0.8, 1.0]))
def test_what_is_told_offline_needs_no_mending(made: SongAnalysis, share: float | None) -> None:
    song = read_song(made)
    board = write_storyboard(StoryboardRequest(song, STYLES["cartoon"], 0, share=share))
    checked = check_storyboard(board, STYLES, duration=song.duration, song=song, share=share)
    assert list(checked.scenes) == list(board.scenes)
    assert not [note for note in checked.notes if "beat" in note or "shares nothing" in note]
    shown = sum(scene.protagonist for scene in board.scenes)
    if share is not None and share >= 0.5:  # scenes that share nothing else need the hero
        assert shown >= round(share * len(board.scenes))


def test_few_scenes_with_the_protagonist_can_be_asked_for() -> None:
    song = read_song(instrumental())
    usual = write_storyboard(StoryboardRequest(song, STYLES["cartoon"], 0))
    rare = write_storyboard(StoryboardRequest(song, STYLES["cartoon"], 0, share=0.2))
    count = [sum(scene.protagonist for scene in board.scenes) for board in (usual, rare)]
    assert count[1] < count[0]
    assert count[1] <= 0.35 * len(rare.scenes)


def test_the_same_song_and_seed_give_the_same_bytes() -> None:
    one, other = told(ballad()), told(ballad())
    assert one.SerializeToString(deterministic=True) == other.SerializeToString(deterministic=True)
    assert told(ballad(), seed=1) != one


def test_a_returning_chorus_comes_back_to_its_place_in_another_light() -> None:
    board = told(ballad())
    first, second = between(board, 24, 36), between(board, 56, 64)
    assert {place_of(s) for s in second} <= {place_of(s) for s in first}
    assert subject_of(first[0]) == subject_of(second[0])
    assert first[0].seed == second[0].seed
    assert first[0].prompt != second[0].prompt


def test_a_bridge_breaks_with_the_places_of_verse_and_chorus() -> None:
    made = instrumental()
    roles = {part.role: part for part in song_parts(read_song(made))}
    assert {"verse", "refrain", "bridge", "opening", "ending"} >= roles.keys() >= {
        "verse", "refrain", "bridge"
    }  # fmt: skip
    board = told(made)
    outside = {place_of(s) for s in between(board, 20, 120)}
    assert place_of(between(board, 120, 140)[0]) not in outside


def test_a_burning_heart_is_a_figure_under_a_burning_sky() -> None:
    (scene,) = between(told(ballad()), 24, 28)
    assert "burning" in scene.lyric
    assert subject_of(scene) in {"woman", "man"}
    assert scene.protagonist
    assert ("fire-coloured sky" in scene.prompt) or ("low sun" in scene.prompt)
    assert "heart" not in scene.prompt


@pytest.mark.parametrize(
    ("line", "field", "wanted"),
    [
        ("Sail me over the ocean", "place", "beach"),
        ("Let's go fishin' down by the river", "place", "lake"),
        ("We were dancin' all along", "subject", "dancer"),
        ("The rain keeps fallin'", "weather", "rain"),
        ("Underneath the moonlight", "time", "night"),
        ("She flies away", "subject", "bird"),
    ],
)
def test_lines_are_seen_as_what_they_say(line: str, field: str, wanted: str) -> None:
    assert wanted in {getattr(image, field) for image in images_of(line)}


@pytest.mark.parametrize(
    ("form", "lemma"),
    [("flies", "fly"), ("burning", "burn"), ("dancin'", "dance"), ("broken", "break"),
     ("running", "run"), ("leaves", "leaf"), ("children", "child"), ("hearts", "heart")],
)  # fmt: skip
def test_forms_are_taken_back_to_their_lemma(form: str, lemma: str) -> None:
    assert lemma in lemmas_of(form)


def test_other_languages_are_told_by_mood_and_structure_and_say_so() -> None:
    lines = [(2, "hace tiempo no sale a perrear"), (10, "las gatas solo piden perreo")]
    spoken = told(analysis(40, bpm=130, lines=lines, language="es"))
    guessed = told(analysis(40, bpm=130, lines=lines))
    for board in (spoken, guessed):
        assert any("not in English" in note for note in board.notes)
        assert any(scene.lyric for scene in board.scenes)
    assert not told(ballad()).notes


def test_words_and_mood_decide_which_story_is_told() -> None:
    sad = told(analysis(60, bpm=80, curve=[(0, -0.7, -0.4), (30, -0.7, -0.4)]))
    glad = told(analysis(60, bpm=128, curve=[(0, 0.8, 0.8), (30, 0.8, 0.8)]))
    assert {scene.mood for scene in sad.scenes} == {"sad"}
    assert {scene.mood for scene in glad.scenes} == {"joyful"}
    assert sad.treatment.theme != glad.treatment.theme
    assert {s.transition for s in glad.scenes} == {"cut"}
    assert "dissolve" in {s.transition for s in sad.scenes}


def test_an_instrumental_has_a_whole_story() -> None:
    board = told(instrumental())
    treatment = board.treatment
    assert all((treatment.theme, treatment.protagonist, treatment.world, treatment.arc))
    assert "{" not in treatment.theme + treatment.arc
    assert len(treatment.palette) >= 3
    subject = subject_of(board.scenes[-1])
    assert Counter(subject_of(s) for s in board.scenes)[subject] >= 3  # the motif returns
    assert len({place_of(s) for s in board.scenes}) >= 3
    assert len({s.camera for s in board.scenes}) >= 4


@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_style_begins_with_a_word_of_the_checkpoint(style: str) -> None:
    board = told(ballad(), style)
    assert board.style == style
    for scene in board.scenes:
        assert scene.prompt.startswith(f"{STYLES[style].medium} of ")
        assert all(words in scene.prompt for words in STYLES[style].words)
        assert scene.negative_prompt


def test_an_unknown_storyteller_is_refused_naming_those_there_are() -> None:
    with pytest.raises(UnknownStoryteller, match="offline"):
        find_storyteller({"offline": OfflineStoryteller()}, "dictated")


def test_the_lexicon_speaks_the_vocabulary() -> None:
    for image in images():
        assert image.words
        assert image.details
        assert image.place is None or image.place in PLACES
        assert image.time is None or image.time in TIMES
        assert image.weather is None or image.weather in WEATHERS
        assert image.subject is None or image.subject in {*SUBJECTS, "hero"}
        assert image.templates <= {template.name for template in story_templates()}
        assert all(token_count(words) <= 12 for words in image.details)
        # Only what a line asks for may bring another time or weather into the picture.
        for words in image.details:
            said = set(words.replace("~", "").split())
            assert not said & (TIMES.keys() - {image.time}), words
            assert not said & (WEATHERS.keys() - {image.weather}), words
    assert len({word for image in images() for word in image.words}) >= 400


def test_templates_play_in_known_places_with_motifs_that_fit() -> None:
    for template in story_templates():
        assert {
            *template.verse_places,
            *template.refrain_places,
            *template.bridge_places,
        } <= PLACES.keys()
        assert set(template.times) <= TIMES.keys()
        assert set(template.company) <= {*SUBJECTS, "hero"}
        for motif in template.motifs:
            assert any(fits(motif.subject, place) for place in template.refrain_places), (
                template.name,
                motif,
            )


def test_a_whole_song_uses_every_shot() -> None:
    board = told(ballad())
    assert {s.shot for s in board.scenes} == set(SHOTS)
    assert {s.mood for s in board.scenes} <= set(MOODS)
    assert {s.camera for s in board.scenes} <= set(CAMERAS)
