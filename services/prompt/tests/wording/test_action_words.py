from __future__ import annotations

import pytest
from songreel_prompt.song import read_song
from songreel_prompt.wording.action_words import actions_in, languages_of
from songreel_prompt.wording.lexicon import read_data
from songreel_prompt.wording.vocabulary import ACTIONS
from songreel_testing.prompt.synthetic_songs import analysis


@pytest.mark.parametrize(
    ("line", "language", "actions"),
    [
        ("We were dancin' all along", "en", ("dance",)),
        ("I'm walking, then I'm running home", "en", ("walk", "run")),
        ("Standing in the rain", "en", ("stand",)),
        ("Ich tanze im Regen und laufe davon", "de", ("dance", "run")),
        ("Das gehört dir", "de", ()),
        ("Bailando toda la noche", "es", ("dance",)),
        ("J'attends sous la pluie", "fr", ("stand",)),
        ("Je chante et je danse", "fr", ("sing", "dance")),
        ("Cammino sotto le stelle e canto", "it", ("walk", "sing")),
        ("Vou correr e dançar", "pt", ("run", "dance")),
        ("Nothing is done here", "en", ()),
    ],
)
def test_words_say_what_somebody_does(line: str, language: str, actions: tuple[str, ...]) -> None:
    assert actions_in(line, (language,)) == actions


@pytest.mark.parametrize(
    ("language", "line", "languages"),
    [
        ("pt-BR", "eu danço", ("pt",)),
        ("ja", "odoru", ()),
        ("", "and I know that you love the way it is for me", ("en",)),
        ("", "bailando toda la noche entera", ("de", "es", "fr", "it", "pt")),
    ],
)
def test_the_songs_language_is_read(language: str, line: str, languages: tuple[str, ...]) -> None:
    made = analysis(20, lines=[(2, line)], language=language)
    assert languages_of(read_song(made)) == languages


def test_the_words_are_of_known_actions() -> None:
    assert set(read_data("actions.yaml")) <= set(ACTIONS)
