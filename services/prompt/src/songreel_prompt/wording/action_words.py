"""What somebody does by the words of a text, in six languages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final, cast

from songreel_prompt.song import Song
from songreel_prompt.wording.lexicon import is_english, lemmas_of, read_data, words_of

_ENGLISH: Final = "en"


def actions_in(text: str, languages: Iterable[str] = (_ENGLISH,)) -> tuple[str, ...]:
    """The actions that a text names, in the order of its words, each once."""
    found: dict[str, None] = {}
    for word in words_of(text):
        for language in languages:
            if action := _action_of(word, language):
                found.setdefault(action)
    return tuple(found)


def languages_of(song: Song) -> tuple[str, ...]:
    """The languages whose words are looked for: the song's; unless it is known, all but English."""
    known = _languages()
    named = song.language.split("-")[0]
    if named:
        return (named,) if named in known else ()
    if is_english("", list(dict.fromkeys(line.text for line in song.lines))):
        return (_ENGLISH,)
    return tuple(each for each in known if each != _ENGLISH)


def _action_of(word: str, language: str) -> str:
    if language == _ENGLISH:
        return next((a for a, words in _words(_ENGLISH) if lemmas_of(word) & words), "")
    plain = word.split("'")[-1]  # "j'attends"
    for action, words in _words(language):
        if plain in words or any(
            plain.startswith(each[:-1]) for each in words if each.endswith("*")
        ):
            return action
    return ""


@cache
def _languages() -> tuple[str, ...]:
    return tuple(sorted({language for words in _table().values() for language in words}))


@cache
def _words(language: str) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((a, frozenset(words.get(language, "").split())) for a, words in _table().items())


@cache
def _table() -> dict[str, dict[str, str]]:
    return cast("dict[str, dict[str, str]]", read_data("actions.yaml"))
