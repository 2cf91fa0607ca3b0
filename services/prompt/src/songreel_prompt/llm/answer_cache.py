"""Cache of paid answers, in the artifact store, by what was asked."""

from __future__ import annotations

import json
from typing import Final

from songreel_kit.artifacts.documents import stage_key
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import DataLoss, NotFound

from songreel_prompt.llm.messages import Question, Reply

VERSION: Final = "1"


class AnswerCache:
    """Finds the answer to a question that the same model was asked before."""

    def __init__(self, store: ArtifactStore, url: str, model: str) -> None:
        self._store = store
        self._server = (url, model)

    def recall(self, question: Question) -> Reply | None:
        """The answer kept; None when there is none, or it can no longer be read."""
        artifact = self._store.lookup(self._key(question))
        if artifact is None:
            return None
        try:
            kept = json.loads(self._store.read_bytes(artifact))
            return Reply(str(kept["text"]), bool(kept["truncated"]), (0, 0))
        except (NotFound, DataLoss, ValueError, KeyError, TypeError):
            return None

    def keep(self, question: Question, reply: Reply) -> None:
        """Keeps an answer that could be used."""
        content = {"text": reply.text, "truncated": reply.truncated}
        data = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
        self._store.bind(self._key(question), self._store.put_bytes(data, "application/json"))

    def _key(self, question: Question) -> str:
        turns = [part for m in question.messages for part in (m.role, m.content)]
        return stage_key("prompt.llm.answer", VERSION, *self._server, question.schema, *turns)
