"""Who can write storyboards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_kit.errors import UnknownStoryteller
from songreel_kit.work import CancelToken

from songreel_prompt.story import offline
from songreel_prompt.story.song import Song
from songreel_prompt.styles import Style
from songreel_prompt.wording.tokens import ESTIMATE, TokenCounter


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
    tokens: TokenCounter = ESTIMATE
    """Counts prompts as the checkpoint that will draw does."""
    consented: str = ""
    """Name of the protagonist, who agreed to be in it; empty when nobody may be named."""


@dataclass(frozen=True)
class Told:
    """What a storyteller made of it."""

    board: Storyboard
    lasting: bool = True
    """False when a later try may do better: a server was down, a budget spent."""
    fired: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often each check fired while it was written."""
    cleared: frozenset[str] = frozenset()
    """Prompts that the server's moderation has seen and let pass."""


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
    """No network, no model: `songreel_prompt.story.offline`."""

    name: str = offline.NAME

    @property
    def version(self) -> str:
        """Raised when the same commission is written otherwise."""
        return "3"

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
            tokens=commission.tokens,
            consented=commission.consented,
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
