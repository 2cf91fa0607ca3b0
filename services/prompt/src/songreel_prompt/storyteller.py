"""What a storyteller is: a request goes in, an unchecked storyboard comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_kit.work import CancelToken

from songreel_prompt.song import Song
from songreel_prompt.styles import Style
from songreel_prompt.wording.tokens import ESTIMATE, TokenCounter

UNTITLED: Final = "Untitled"
"""The title of a storyboard whose song has none; no card shows it."""


@dataclass(frozen=True)
class StoryboardRequest:
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
    protagonist_name: str = ""
    """Name of the protagonist, who agreed to be in it; empty when nobody may be named."""

    @property
    def look(self) -> str:
        """The style's look, or what a person chose for what is rewritten in the same style."""
        if self.previous is not None and self.previous.style == self.style.name:
            return self.previous.look or self.style.look
        return self.style.look

    @property
    def finish(self) -> Sequence[str]:
        """As `look`: the style's, or what a person chose."""
        if self.previous is not None and self.previous.style == self.style.name:
            return self.previous.finish or self.style.finish
        return self.style.finish

    @property
    def title(self) -> str:
        """What a person called it, or the song's own title."""
        return (self.previous.title if self.previous else "") or self.song.title or UNTITLED


@dataclass(frozen=True)
class StoryboardResult:
    """What a storyteller wrote."""

    storyboard: Storyboard
    lasting: bool = True
    """False when a later try may do better: a server was down, a budget spent."""
    check_counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often each check fired while it was written."""
    cleared: frozenset[str] = frozenset()
    """Prompts that the server's moderation has seen and let pass."""


ProgressCallback = Callable[[float], None]
"""Takes the share of the story that is written, in [0, 1]."""


class Storyteller(Protocol):
    """Writes storyboards; `songreel_prompt.storytellers` has the table of them."""

    @property
    def version(self) -> str:
        """Changes when the same request would be written otherwise."""
        ...

    def prepare(self) -> None:
        """Raises `ModelMissing`, saying what to set, when it cannot write at all."""
        ...

    def write(
        self, request: StoryboardRequest, report_progress: ProgressCallback, token: CancelToken
    ) -> StoryboardResult:
        """Writes the storyboard; it is not yet checked."""
        ...
