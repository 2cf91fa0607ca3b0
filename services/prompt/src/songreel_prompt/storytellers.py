"""The table of storytellers: a new one is a module and a row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import UnknownStoryteller

from songreel_prompt.llm.server import LlmServer
from songreel_prompt.llm.storyteller import LlmStoryteller
from songreel_prompt.settings import PromptSettings
from songreel_prompt.story.storyteller import OfflineStoryteller
from songreel_prompt.storyteller import Storyteller

Build = Callable[[PromptSettings, ArtifactStore, LlmServer], Storyteller]
"""Makes a storyteller from the service's settings, its store and its language model."""

STORYTELLERS: Final[dict[str, Build]] = {
    "offline": lambda settings, store, server: OfflineStoryteller(),
    "llm": LlmStoryteller,
}
"""By the name that requests, settings and storyboards use."""


def build_storytellers(
    settings: PromptSettings, store: ArtifactStore, server: LlmServer
) -> dict[str, Storyteller]:
    """Every storyteller of the table, by name."""
    return {name: build(settings, store, server) for name, build in STORYTELLERS.items()}


def find_storyteller(storytellers: Mapping[str, Storyteller], name: str) -> Storyteller:
    """A storyteller by name; raises `UnknownStoryteller` naming those there are."""
    if name not in storytellers:
        raise UnknownStoryteller(
            f"there is no storyteller {name!r}; choose one of {', '.join(storytellers)}",
            storyteller=name,
        )
    return storytellers[name]
