"""What may stand in a prompt: rules for pieces of text, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final, cast

from songreel_prompt.wording.lexicon import images, lemmas_of, read_data, words_of
from songreel_prompt.wording.vocabulary import MOODS, SHOTS, SUBJECTS

_NAME: Final = re.compile(r"[A-Z][^\W\d_]*(?:['\u2019-][^\W\d_]+)*")
_RUN: Final = re.compile(rf"{_NAME.pattern}(?:\s+(?:(?:of|de|la|van|von)\s+)*{_NAME.pattern})*")
_AFTER: Final = re.compile(
    r"\b(?:in\s+the\s+(?:style|manner)\s+of|style\s+of|inspired\s+by|reminiscent\s+of|"
    r"(?:looks?|looking|dressed)\s+like|a\s+la|painted\s+by|photographed\s+by|directed\s+by)"
    r"\s+(?!an?\b)[^,.;]+",
    re.IGNORECASE,
)
"""Turns of phrase that name somebody, in whatever case: "in the style of ..."."""
_FOREIGN: Final = re.compile(
    r"https?:|www\.|<[a-z/|]|\{|\}|```|\bas an ai\b|\bsystem prompt\b|"
    r"\b(?:ignore|disregard|forget|override)\b.*\b(?:previous|prior|above|instructions?|rules?)\b|"
    r"\b(?:api key|password|passphrase|jailbreak|developer mode)\b|"
    r"\bi (?:cannot|can't|am unable)\b",
    re.IGNORECASE | re.DOTALL,
)
_MOSTLY_LATIN: Final = 0.8
_SOMEBODY: Final = "somebody"


def unsafe_in(text: str) -> bool:
    """Whether a word of the blocklist is in it, in any form."""
    return any(lemmas_of(word) & _blocked() for word in words_of(text))


def foreign_in(text: str) -> str:
    """What is in it that belongs to no picture: links, markup, talk to a machine; or ""."""
    match = _FOREIGN.search(text)
    return " ".join(match.group().split())[:40] if match else ""


def literal_in(text: str) -> bool:
    """Whether a figure of speech was drawn as it is said: a heart on fire, an eye that burns.

    Looked for within a phrase, so that "a woman, hand on her heart, campfire" is none.
    """
    for phrase in text.split(","):
        words = [lemmas_of(word) for word in words_of(phrase.replace("-", " "))]
        said = frozenset[str]().union(*words) if words else frozenset[str]()
        if said & _words("organs") or (said & _words("body") and said & _words("harm")):
            return True
    return False


def readable(text: str) -> bool:
    """Whether it is written in the script that text encoders were trained on."""
    letters = [letter for letter in text if letter.isalpha()]
    return bool(letters) and sum(x.isascii() for x in letters) >= _MOSTLY_LATIN * len(letters)


def names_in(text: str, artist: str = "", protagonist_name: str = "") -> tuple[str, ...]:
    """What names somebody: the song's artist, "in the style of ...", two capitals in a row.

    A single capitalised word is `doubtful_in`'s matter. Whoever `consented` may be named.
    """
    text = _without_protagonist(text, protagonist_name)
    found = [m.group() for m in _AFTER.finditer(text) if not m.group().endswith(f" {_SOMEBODY}")]
    found += [run for run in _capital_runs(text) if " " in run]
    found += [m.group() for pattern in _artist_patterns(artist) for m in pattern.finditer(text)]
    whole = [name for name in found if not any(name != n and name in n for n in found)]
    return tuple(dict.fromkeys(whole))


def doubtful_in(text: str, protagonist_name: str = "") -> tuple[str, ...]:
    """Single capitalised words inside a phrase that may be somebody's name."""
    text = _without_protagonist(text, protagonist_name)
    return tuple(dict.fromkeys(run for run in _capital_runs(text) if " " not in run))


def without_names(text: str, names: Iterable[str]) -> str:
    """The text with "a person" where a name stood; "in the style of ..." is left out."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "" if _AFTER.fullmatch(name) else "a person")
    phrases = [" ".join(phrase.split()) for phrase in text.split(",")]
    return ", ".join(phrase for phrase in phrases if phrase).replace("a a person", "a person")


def content_words(text: str) -> frozenset[str]:
    """Lemmas of what a prompt shows: without framing, mood, light and small words."""
    forms: set[str] = set()
    for word in words_of(text):
        if (
            word not in _words("plain")
            and word not in MOODS
            and word not in SHOTS
            and len(word) > 2
        ):
            forms |= lemmas_of(word)
    return frozenset(forms)


def _without_protagonist(text: str, name: str) -> str:
    """The text with a small word where it names the one person who may be named."""
    parts = [part for part in name.split() if len(part) > 1]
    if not parts:
        return text
    spaced = r"\s+".join(map(re.escape, name.split()))
    whole = re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)
    # A part of the name is only a name with its capital: "Rose" is not the flower.
    single = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, parts))})(?!\w)")
    return single.sub(_SOMEBODY, whole.sub(_SOMEBODY, text))


def _capital_runs(text: str) -> list[str]:
    runs: list[str] = []
    for phrase in re.split(r"[,.;:!?()]", text):
        stripped = phrase.strip()
        for match in _RUN.finditer(stripped):
            run = match.group()
            words = run.split()
            if match.start() == 0:
                # A sentence begins with a capital; a name does with two of them.
                words = words if len(words) > 1 else []
            kept = [w for w in words if not _allowed(w)]
            if kept and not {words[0].casefold(), words[-1].casefold()} & _words("places"):
                runs.append(run if len(kept) == len(words) else " ".join(kept))
    return runs


def _allowed(word: str) -> bool:
    plain = word.casefold()
    return plain in _words("words") or (word.isupper() and len(word) <= 2)


@cache
def _artist_patterns(artist: str) -> tuple[re.Pattern[str], ...]:
    """The artist's name as a whole, in any case unless it is an everyday word."""
    name = " ".join(artist.split())
    core = re.sub(r"^the\s+", "", name, flags=re.IGNORECASE)
    if len(core) < 3:
        return ()
    patterns: list[re.Pattern[str]] = []
    for each in {name, core, *re.split(r"\s*(?:,|&|\bfeat\.?|\bft\.?|\bx\b|\bwith\b)\s*", core)}:
        if len(each) < 3:
            continue
        everyday = " " not in each and bool(lemmas_of(each.casefold()) & _everyday())
        flags = re.NOFLAG if everyday else re.IGNORECASE
        # At the very start of a prompt a capital says nothing.
        before = r"(?<=\S )" if everyday else r"(?<!\w)"
        patterns.append(re.compile(rf"{before}{re.escape(each)}(?!\w)", flags))
    return tuple(sorted(patterns, key=lambda pattern: -len(pattern.pattern)))


@cache
def _everyday() -> frozenset[str]:
    lexicon = frozenset(word for image in images() for word in image.words | image.with_words)
    return lexicon | SUBJECTS.keys() | _words("plain") | _words("words")


@cache
def _blocked() -> frozenset[str]:
    return frozenset(cast("list[str]", read_data("blocklist.yaml")))


@cache
def _words(key: str) -> frozenset[str]:
    """A list of words of `phrases.yaml`."""
    return frozenset(str(read_data("phrases.yaml")[key]).split())
