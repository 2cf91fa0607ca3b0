"""The engines, one row each. A new engine is a module with a class and a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from songreel_kit.errors import UnknownEngine

from songreel_score.compose.arranger import Arranger
from songreel_score.compose.composition import Engine

DEFAULT_ENGINE: Final = "arranger"


@dataclass(frozen=True)
class EngineRow:
    """An engine that can be asked for."""

    description: str
    build: Callable[[], Engine]
    """Makes it ready. Raises `ModelMissing` when its model is not on this machine."""


ENGINES: Final[dict[str, EngineRow]] = {
    "arranger": EngineRow("rules of arrangement; no model", Arranger),
}


def find_engine(name: str) -> Engine:
    """The engine of that name, the default one for "".

    Raises:
        UnknownEngine: no such name; the message lists the known ones.
        ModelMissing: its model is not on this machine.
    """
    row = ENGINES.get(name or DEFAULT_ENGINE)
    if row is None:
        raise UnknownEngine(f"there is no engine {name!r}; known: {', '.join(ENGINES)}")
    return row.build()
