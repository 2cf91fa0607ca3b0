"""Story templates, and the choice of one for a song."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

from songreel_prompt.seeded_choice import seeded_choice
from songreel_prompt.song import Feeling, Song
from songreel_prompt.wording.lexicon import Image, read_data
from songreel_prompt.wording.vocabulary import fits

_MOOD_WEIGHT: Final = 0.5
"""Of a perfect fit of mood, against 1 for the template that the lyrics name most."""
_NEAR: Final = 0.12
"""Templates whose fit is this close are equally good; the seed chooses."""


@dataclass(frozen=True)
class Motif:
    """The thing that returns throughout a story."""

    subject: str
    """A subject of the vocabulary."""
    what: str
    """With its article: "a white bird"."""
    detail: str
    """What to see of it: "white wings"."""

    @property
    def the(self) -> str:
        """The same once it is known: "the white bird"."""
        article, _, rest = self.what.partition(" ")
        return f"the {rest}" if article in {"a", "an", "one"} else self.what


@dataclass(frozen=True)
class StoryTemplate:
    """A story of `story_templates.yaml`; the file says what each field is."""

    name: str
    feeling: Feeling
    theme: str
    verse_places: tuple[str, ...]
    refrain_places: tuple[str, ...]
    bridge_places: tuple[str, ...]
    motifs: tuple[Motif, ...]
    company: tuple[str, ...]
    times: tuple[str, ...]
    sentences: dict[str, str]


_OTHER_MOTIFS: Final = {
    "bird": Motif("bird", "a white bird", "white wings"),
    "dog": Motif("dog", "a brown dog", "running ahead"),
    "boat": Motif("boat", "a small blue boat", "blue paint"),
    "car": Motif("car", "an old red car", "rust-red paint"),
    "house": Motif("house", "a house with one lit window", "one lit window"),
    "tree": Motif("tree", "a lone tree", "wide branches"),
    "flower": Motif("flower", "a red flower", "red petals"),
}


def choose_template(song: Song, images: Sequence[Image], *keys: object) -> StoryTemplate:
    """The template that suits the lyrics' images and the song's mood best."""
    votes: Counter[str] = Counter()
    for image in images:
        for name in image.templates:
            votes[name] += image.weight
    most = max(votes.values(), default=0)

    def fit(template: StoryTemplate) -> float:
        apart = math.dist(
            (template.feeling.valence, template.feeling.arousal),
            (song.feeling.valence, song.feeling.arousal),
        )
        spoken = votes[template.name] / most if most else 0.0
        return spoken + _MOOD_WEIGHT * math.exp(-2 * apart * apart)

    best = max(fit(template) for template in story_templates())
    return seeded_choice(
        [template for template in story_templates() if fit(template) >= best - _NEAR], "tale", *keys
    )


def choose_motif(
    template: StoryTemplate, images: Sequence[Image], places: Sequence[str], *keys: object
) -> Motif:
    """The template's motif that the lyrics name, else what they name often, else by the seed.

    Left to the seed it is one that can be seen in as many of the story's places as any.
    """
    named: Counter[str] = Counter()
    for image in images:
        if image.subject in _OTHER_MOTIFS and image.weight > 1:
            named[image.subject] += image.weight
    own = [motif for motif in template.motifs if named[motif.subject]]
    if own:
        return max(own, key=lambda motif: named[motif.subject])
    if named:
        subject, weight = min(named.items(), key=lambda item: (-item[1], item[0]))
        if weight >= 4:
            return _OTHER_MOTIFS[subject]
    room = [sum(fits(motif.subject, place) for place in places) for motif in template.motifs]
    seen = [m for m, count in zip(template.motifs, room, strict=True) if count == max(room)]
    return seeded_choice(seen, "motif", *keys)


@cache
def story_templates() -> tuple[StoryTemplate, ...]:
    """All templates, by name."""
    entries = cast("dict[str, dict[str, Any]]", read_data("story_templates.yaml"))
    return tuple(_template(name, entries[name]) for name in sorted(entries))


def _template(name: str, entry: dict[str, Any]) -> StoryTemplate:
    return StoryTemplate(
        name=name,
        feeling=Feeling(*map(float, entry["feel"])),
        theme=entry["theme"],
        verse_places=tuple(entry["verse_places"]),
        refrain_places=tuple(entry["refrain_places"]),
        bridge_places=tuple(entry["bridge_places"]),
        motifs=tuple(Motif(*motif) for motif in entry["motifs"]),
        company=tuple(entry["company"]),
        times=tuple(entry["times"]),
        sentences={role: entry[role] for role in _ROLES},
    )


_ROLES: Final = ("opening", "verse", "refrain", "bridge", "ending")
