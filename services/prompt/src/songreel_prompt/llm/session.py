"""A job's questions to the model: from the cache first, and within the budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from songreel_prompt.llm.answer_cache import AnswerCache
from songreel_prompt.llm.budget import Budget
from songreel_prompt.llm.drafts import Fault
from songreel_prompt.llm.errors import AnswerFailed, Unreachable
from songreel_prompt.llm.messages import Question, Reply
from songreel_prompt.llm.server import LlmClient


class LlmSession:
    """Asks for one storyboard and counts what it costs."""

    def __init__(
        self, client: LlmClient, cache: AnswerCache, budget: Budget, answer_tokens: int
    ) -> None:
        self._client = client
        self._cache = cache
        self._answer_tokens = answer_tokens
        self.budget = budget
        self.notes: list[str] = []
        """What the storyboard should say of its making, each once."""
        self.check_counts: Counter[str] = Counter()
        """How often each check fired."""
        self.cleared: set[str] = set()
        """Texts that moderation has seen and let pass."""
        self.unmoderated = False
        """Whether moderation failed, so that a later job may do better."""
        self.fatal: AnswerFailed | None = None
        """Why no further question makes sense, if so; a later job may do better."""

    def ask(self, question: Question) -> Reply:
        """An answer to the question, from the cache or from the model.

        Raises:
            AnswerFailed: there is none.
        """
        known = self._cache.recall(question)
        if known is not None:
            return known
        if self.fatal is not None:
            raise self.fatal
        try:
            allowed = self.budget.allow(question.text, self._answer_tokens)
            reply = self._client.ask(question, allowed)
        except AnswerFailed as failure:
            if failure.final:
                self.fatal = failure
            if isinstance(failure, Unreachable):
                # It may have been worked on, and charged, all the same.
                self.budget.charge(question.text, "", None)
            raise
        self.budget.charge(question.text, reply.text, reply.usage)
        return reply

    def keep(self, question: Question, reply: Reply) -> None:
        """Remembers an answer that was of use."""
        self._cache.keep(question, reply)

    def count(self, faults: Sequence[Fault]) -> None:
        """Counts what the checks found."""
        self.check_counts.update(fault.rule for fault in faults)

    def note(self, text: str) -> None:
        """Adds a note unless it is there."""
        if text not in self.notes:
            self.notes.append(text)

    def moderate(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """What the server's moderation finds in each text; nothing where it has none."""
        clean: list[tuple[str, ...]] = [() for _ in texts]
        if not texts or self.fatal is not None:
            return clean
        try:
            found = self._client.moderate(texts)
        except AnswerFailed as failure:
            self.unmoderated = True
            self.note(f"moderation: {failure}; prompts were checked against the blocklist alone")
            return clean
        if found is None:
            self.note(
                "moderation: no endpoint in use; prompts were checked against the blocklist alone"
            )
            return clean
        self.cleared.update(text for text, bad in zip(texts, found, strict=True) if not bad)
        return found
