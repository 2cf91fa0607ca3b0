"""Reads lyrics for their images: words to places, things, light and feeling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

import yaml

from songreel_prompt.song import Feeling, Song

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_COMMONEST: Final = (
    "the and you i to a my me it in on of that is your we for all this be with so when "
    "don't i'm it's no can know what just like let but down up oh"
)
_ENGLISH_SHARE: Final = 0.2
"""Share of the commonest words that English lyrics exceed; other languages stay below .1."""


@dataclass(frozen=True)
class Image:
    """An entry of `lexicon.yaml`: what the words look like."""

    words: frozenset[str]
    with_words: frozenset[str]
    place: str | None
    subject: str | None
    """A subject of the vocabulary, or "hero" for the protagonist."""
    time: str | None
    weather: str | None
    details: tuple[str, ...]
    templates: frozenset[str]
    feeling: Feeling
    weight: int

    @property
    def rank(self) -> int:
        """Turns of phrase come before single words of the same weight."""
        return self.weight * 2 + bool(self.with_words)


@dataclass(frozen=True)
class Reading:
    """What was understood of the lyrics."""

    images: Mapping[str, tuple[Image, ...]]
    """By line of lyrics: its images, the strongest first."""
    note: str
    """Why the words were not read; empty when they were."""
    title: tuple[Image, ...] = ()
    """Images of the title: what the song says it is about."""

    def of(self, lines: Iterable[str]) -> list[Image]:
        """Images of some lines, in the order of the lines."""
        return [image for line in lines for image in self.images.get(line, ())]


def read_lyrics(song: Song) -> Reading:
    """Finds the images of title and lines; none in languages other than English."""
    if not song.lines:
        return Reading({}, "", images_of(song.title) if _maybe_english(song.language) else ())
    texts = list(dict.fromkeys(line.text for line in song.lines))
    if not is_english(song.language, texts):
        named = f" ({song.language})" if song.language else ""
        return Reading(
            {},
            f"the lyrics are not in English{named}: the offline storyteller wrote the story from "
            "mood and structure",
        )
    return Reading({text: images_of(text) for text in texts}, "", images_of(song.title))


def images_of(text: str) -> tuple[Image, ...]:
    """Images of one English line, the strongest first."""
    found: list[tuple[int, int, Image]] = []
    words = [lemmas_of(word) for word in words_of(text)]
    everything = frozenset[str]().union(*words) if words else frozenset[str]()
    for order, image in enumerate(images()):
        if image.words & everything and _phrase_present(image, words, everything):
            found.append((-image.rank, order, image))
    return tuple(image for *_, image in sorted(found, key=lambda item: item[:2]))


def words_of(text: str) -> list[str]:
    """The words of a line, in lower case."""
    return [match.group().replace("\u2019", "'").casefold() for match in _WORD.finditer(text)]


def lemmas_of(word: str) -> frozenset[str]:
    """What a word may be a form of, itself included: `flies` -> {flies, fly, ...}."""
    forms = {word}
    stem = word.split("'")[0]
    forms.add(stem)
    if word.endswith("in'") or (stem.endswith("in") and len(stem) > 4):
        forms.add(stem + "g")
    for form in tuple(forms):
        forms.update(_without_ending(form))
    forms.update(lemma for form in tuple(forms) if (lemma := irregular().get(form)))
    return frozenset(forms)


def _without_ending(word: str) -> Iterable[str]:
    for ending in ("ing", "ed", "es", "s", "er", "est", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            yield stem
            if ending in {"ing", "ed", "er", "est"}:
                yield stem + "e"
                if stem[-1] == stem[-2]:
                    yield stem[:-1]
            if stem.endswith("i"):
                yield stem[:-1] + "y"


def _phrase_present(image: Image, words: list[frozenset[str]], everything: frozenset[str]) -> bool:
    """Whether a turn of phrase has its second word, and that word is another one."""
    if not image.with_words:
        return True
    return bool(image.with_words & everything) and any(
        image.words & first and image.with_words & second
        for i, first in enumerate(words)
        for j, second in enumerate(words)
        if i != j
    )


def is_english(language: str, texts: list[str]) -> bool:
    """Whether the texts are English: as the song says, else by their commonest words."""
    if language:
        return _maybe_english(language)
    words = [word for text in texts for word in words_of(text)]
    if not words:
        return False
    commonest = frozenset(_COMMONEST.split())
    share = sum(word in commonest for word in words) / len(words)
    return share >= _ENGLISH_SHARE


def _maybe_english(language: str) -> bool:
    return not language or language.split("-")[0] in {"en", "eng", "english"}


@cache
def images() -> tuple[Image, ...]:
    """The entries of `lexicon.yaml` in order."""
    entries = cast("list[dict[str, Any]]", read_data("lexicon.yaml"))
    return tuple(_image(entry) for entry in entries)


@cache
def irregular() -> dict[str, str]:
    """Form to lemma for the forms that no rule takes back."""
    table = cast("dict[str, str]", read_data("irregular.yaml"))
    return {form: lemma for lemma, forms in table.items() for form in str(forms).split()}


def read_data(name: str) -> Any:
    """A YAML file of the package."""
    text = files("songreel_prompt").joinpath("data", name).read_text(encoding="utf-8")
    return yaml.safe_load(text)


def _image(entry: dict[str, Any]) -> Image:
    valence, arousal = entry.get("feel", (0.0, 0.0))
    return Image(
        words=frozenset(entry["words"].split()),
        with_words=frozenset(entry.get("with", "").split()),
        place=entry.get("place"),
        subject=entry.get("subject"),
        time=entry.get("time"),
        weather=entry.get("weather"),
        details=tuple(entry.get("details", ())),
        templates=frozenset(entry.get("templates", "").split()),
        feeling=Feeling(float(valence), float(arousal)),
        weight=int(entry.get("weight", 2)),
    )
