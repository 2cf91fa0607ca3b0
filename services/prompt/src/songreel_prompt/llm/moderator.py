"""The server's moderation endpoint, for every storyboard whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from songreel_kit.errors import ModelMissing
from songreel_kit.work import CancelToken

from songreel_prompt.llm.errors import AnswerFailed
from songreel_prompt.llm.server import LlmServer

_BATCH: Final = 32
"""Texts to a call: what hosted endpoints take with room to spare."""


@dataclass(frozen=True)
class Verdicts:
    """What moderation found."""

    flagged: tuple[tuple[str, ...], ...]
    """Of each text the categories that it was flagged for; empty when it passed."""
    problem: str = ""
    """Why not all texts were seen; empty when they were, or when there is no endpoint."""


class Moderator:
    """Asks the configured server; without one, or switched off, everything passes."""

    def __init__(self, server: LlmServer) -> None:
        self._server = server

    @property
    def fingerprint(self) -> str:
        """Changes when the same texts may be judged otherwise; empty when nobody is asked."""
        server = self._server
        return f"{server.url}|{server.moderation_model}" if server.moderates else ""

    def judge(self, texts: Sequence[str], token: CancelToken) -> Verdicts:
        """Verdicts on the texts, in order.

        Raises:
            Cancelled: the token was.
        """
        flagged: list[tuple[str, ...]] = [() for _ in texts]
        if not texts or not self._server.moderates:
            return Verdicts(tuple(flagged))
        try:
            with self._server.connect(token) as client:
                for first in range(0, len(texts), _BATCH):
                    found = client.moderate(texts[first : first + _BATCH])
                    if found is None:  # it turns out that there is no such endpoint
                        break
                    flagged[first : first + len(found)] = found
        except (AnswerFailed, ModelMissing) as failure:
            return Verdicts(tuple(flagged), str(failure))
        return Verdicts(tuple(flagged))
