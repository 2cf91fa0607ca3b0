"""Who can write storyboards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_kit.errors import UnknownStoryteller
from songreel_kit.work import CancelToken

from songreel_prompt import offline
from songreel_prompt.song import Song
from songreel_prompt.styles import Style


@dataclass(frozen=True)
class Commission:
    """What a storyteller is asked for."""

    song: Song
    style: Style
    seed: int = 0
    """Another seed, another story."""
    share: float | None = None
    """Share of scenes with the protagonist, in (0, 1]; None is at least half."""
    previous: Storyboard | None = None
    """A checked storyboard of the song whose times and locked scenes are kept."""


@dataclass(frozen=True)
class Told:
    """What a storyteller made of it."""

    board: Storyboard
    lasting: bool = True
    """False when a later try may do better: a server was down, a budget spent."""
    fired: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often each check fired while it was written."""


Advance = Callable[[float], None]
"""Hears how much of the story is written, in [0, 1]."""


class Storyteller(Protocol):
    """Writes storyboards."""

    name: str
    """What requests call it."""

    @property
    def version(self) -> str:
        """Changes when the same commission would be written otherwise."""
        ...

    def prepare(self) -> None:
        """Raises `ModelMissing`, saying what to set, when it cannot write at all."""
        ...

    def tell(self, commission: Commission, advance: Advance, token: CancelToken) -> Told:
        """Writes the storyboard; it is not yet checked."""
        ...


class OfflineStoryteller:
    """No network, no model: `songreel_prompt.offline`."""

    name: str = offline.NAME

    @property
    def version(self) -> str:
        """Raised when the same commission is written otherwise."""
        return "2"

    def prepare(self) -> None:
        """Nothing is missing, ever."""

    def tell(self, commission: Commission, advance: Advance, token: CancelToken) -> Told:
        """Writes the storyboard; equal commissions give equal bytes."""
        board = offline.tell(
            commission.song,
            commission.style,
            commission.seed,
            share=commission.share,
            previous=commission.previous,
        )
        return Told(board)


def find_storyteller(storytellers: Mapping[str, Storyteller], name: str) -> Storyteller:
    """A storyteller by name; raises `UnknownStoryteller` naming those there are."""
    if name not in storytellers:
        raise UnknownStoryteller(
            f"there is no storyteller {name!r}; choose one of {', '.join(storytellers)}",
            storyteller=name,
        )
    return storytellers[name]
