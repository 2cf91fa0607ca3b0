"""Who can write storyboards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_kit.errors import UnknownStoryteller

from songreel_prompt import offline
from songreel_prompt.song import Song
from songreel_prompt.styles import Style

Storyteller = Callable[[Song, Style, int], Storyboard]
"""Writes the storyboard of a song in a style under a seed."""

STORYTELLERS: Final[Mapping[str, Storyteller]] = MappingProxyType({offline.NAME: offline.tell})


def find_storyteller(name: str) -> Storyteller:
    """A storyteller by name; raises `UnknownStoryteller` naming those there are."""
    if name not in STORYTELLERS:
        raise UnknownStoryteller(
            f"there is no storyteller {name!r}; choose one of {', '.join(STORYTELLERS)}",
            storyteller=name,
        )
    return STORYTELLERS[name]
