"""Rigs: everything that moves by itself. A new rig is one function and one row of `RIGS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from songreel_animatic.composition import Subject
from songreel_animatic.people.person import person
from songreel_animatic.rigs.animals import bird, dog
from songreel_animatic.rigs.groups import couple, crowd
from songreel_animatic.rigs.music_players import drums, guitar, musician, piano
from songreel_animatic.rigs.things import boat, car, flower, heart, house, star, tree
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting

Rig = Callable[[Setting, Subject, int], list[Layer]]
"""From where it is, what it is and its number to the layers that draw it."""

RIGS: Final[dict[str, Rig]] = {
    "woman": person,
    "man": person,
    "child": person,
    "dancer": person,
    "musician": musician,
    "couple": couple,
    "crowd": crowd,
    "bird": bird,
    "dog": dog,
    "boat": boat,
    "car": car,
    "house": house,
    "tree": tree,
    "flower": flower,
    "heart": heart,
    "star": star,
    "guitar": guitar,
    "piano": piano,
    "drums": drums,
}
