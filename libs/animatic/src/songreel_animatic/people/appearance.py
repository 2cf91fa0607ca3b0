"""What a figure looks like: decided by its kind and its seed, the same in every scene."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from songreel_animatic.drawing.colours import Colour, hexed
from songreel_animatic.people.body import Build

_SKINS: Final = tuple(map(hexed, ("#f2c6a0", "#e6ac82", "#c98b60", "#a5683f", "#7a4a2c", "#f6d3b8")))
_HAIRS: Final = tuple(map(hexed, ("#2a1d1a", "#4a2c1f", "#7b4524", "#b5722f", "#d9a95a", "#1c1c26")))
# Clothes that go together: upper, lower, accent.
_CLOTHES: Final = tuple(
    tuple(map(hexed, three))
    for three in (
        ("#d8573f", "#27415f", "#f2c14e"),
        ("#2f8f8b", "#2b2f45", "#f28a5b"),
        ("#e9b44c", "#3d4f73", "#c8423a"),
        ("#6c4f9c", "#28304c", "#f0c3d9"),
        ("#f2efe6", "#3b5a80", "#d8573f"),
        ("#3f7d58", "#4a3a35", "#f1d67e"),
        ("#c33c66", "#2a2440", "#7fd1c7"),
        ("#3d6fb4", "#22304b", "#ffcf6a"),
    )
)


DYES: Final = {
    "red": hexed("#c8423a"), "yellow": hexed("#edb93f"), "green": hexed("#3f8a5a"),
    "blue": hexed("#3d6fb4"), "white": hexed("#f2efe6"), "black": hexed("#2b2835"),
    "pink": hexed("#e08aa6"), "purple": hexed("#6c4f9c"), "orange": hexed("#dd7a35"),
    "brown": hexed("#7a5238"), "grey": hexed("#8a8f9a"), "golden": hexed("#d9a441"),
}  # fmt: skip
"""Colours of clothes that words name."""


@dataclass(frozen=True)
class Appearance:
    """Body, hair and clothes."""

    build: Build
    skin: Colour
    hair: Colour
    hairstyle: str
    """"long", "bob", "bun", "short", "curly", "ponytail" or "cap"."""
    garment: str
    """"dress", "skirt", "trousers" or "shorts"."""
    upper: Colour
    lower: Colour
    accent: Colour
    sleeves: float
    """How far sleeves reach: 0 none, 1 to the wrist."""
    shoes: Colour
    feminine: bool
    beard: bool


def appearance_of(kind: str, seed: int, clothes: str = "") -> Appearance:
    """The looks of a figure; the same kind, seed and colour of clothes give the same."""
    rng = random.Random(f"{kind}/{seed}")
    feminine = {"woman": True, "man": False}.get(kind, rng.random() < 0.55)
    if kind == "dancer":
        feminine = rng.random() < 0.8
    child = kind == "child"
    build = Build(
        shoulders=(7.0 if feminine else 8.9) * (0.92 if child else 1.0),
        hips=(4.4 if feminine else 3.9) * (0.9 if child else 1.0),
        head=1.32 if child else 1.06,
        limbs=(0.88 if feminine else 1.06),
        height=0.66 if child else (0.96 if feminine else 1.02),
    )
    upper, lower, accent = rng.choice(_CLOTHES)
    upper = DYES.get(clothes, upper)
    if kind == "dancer" and feminine:
        garment = "dress"
    elif feminine:
        garment = rng.choice(("dress", "trousers", "skirt", "trousers"))
    else:
        garment = "shorts" if child else "trousers"
    if feminine:
        style = rng.choice(("long", "bob", "bun", "ponytail", "curly"))
    else:
        style = rng.choice(("short", "curly", "cap", "short"))
    return Appearance(
        build, rng.choice(_SKINS), rng.choice(_HAIRS), style, garment, upper,
        upper if garment == "dress" else lower, accent,
        rng.choice((0.0, 0.35, 1.0)) if feminine else rng.choice((0.45, 1.0, 1.0)),
        rng.choice((hexed("#2b2530"), hexed("#f2ece0"), accent)), feminine,
        beard=not feminine and not child and rng.random() < 0.35,
    )  # fmt: skip
