"""One job's talk with the model: memory first, within the budget, with what was found noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from songreel_prompt.llm.budget import Budget
from songreel_prompt.llm.drafts import Fault
from songreel_prompt.llm.failures import AnswerFailed, Unreachable
from songreel_prompt.llm.memory import AnswerMemory
from songreel_prompt.llm.messages import Question, Reply
from songreel_prompt.llm.server import Line


class Interview:
    """Asks for one storyboard and keeps the books."""

    def __init__(
        self, line: Line, memory: AnswerMemory, budget: Budget, answer_tokens: int
    ) -> None:
        self._line = line
        self._memory = memory
        self._answer_tokens = answer_tokens
        self.budget = budget
        self.notes: list[str] = []
        """What the storyboard should say of its making, each once."""
        self.fired: Counter[str] = Counter()
        """How often each check fired."""
        self.cleared: set[str] = set()
        """Texts that moderation has seen and let pass."""
        self.unmoderated = False
        """Whether moderation failed, so that a later job may do better."""
        self.ended: AnswerFailed | None = None
        """Why no further question makes sense, if so; a later job may do better."""

    def consult(self, question: Question) -> Reply:
        """An answer to the question, out of memory or from the model.

        Raises:
            AnswerFailed: there is none.
        """
        known = self._memory.recall(question)
        if known is not None:
            return known
        if self.ended is not None:
            raise self.ended
        try:
            allowed = self.budget.allow(question.text, self._answer_tokens)
            reply = self._line.ask(question, allowed)
        except AnswerFailed as failure:
            if failure.final:
                self.ended = failure
            if isinstance(failure, Unreachable):
                # It may have been worked on, and charged, all the same.
                self.budget.charge(question.text, "", None)
            raise
        self.budget.charge(question.text, reply.text, reply.usage)
        return reply

    def keep(self, question: Question, reply: Reply) -> None:
        """Remembers an answer that was of use."""
        self._memory.keep(question, reply)

    def count(self, faults: Sequence[Fault]) -> None:
        """Books what the checks found."""
        self.fired.update(fault.rule for fault in faults)

    def note(self, text: str) -> None:
        """Adds a note unless it is there."""
        if text not in self.notes:
            self.notes.append(text)

    def flagged(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """What the server's moderation finds in each text; nothing where it has none."""
        clean: list[tuple[str, ...]] = [() for _ in texts]
        if not texts or self.ended is not None:
            return clean
        try:
            found = self._line.moderate(texts)
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
