"""What a storyboard may cost, in tokens and in money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from songreel_kit.errors import FailedPrecondition

from songreel_prompt.llm.errors import BudgetSpent
from songreel_prompt.settings import PromptSettings

LEAST_ANSWER: Final = 300
"""Tokens below which an answer is not worth asking for."""
_BYTES_PER_TOKEN: Final = 3
"""Fewer than any script has in common tokenizers (English about 4): an upper estimate."""
_MILLION: Final = 1_000_000


def estimated_tokens(text: str) -> int:
    """An upper estimate of a text's tokens, whatever the model."""
    return len(text.encode("utf-8")) // _BYTES_PER_TOKEN + 8


@dataclass
class Budget:
    """Counts what one job spends and stops it before it spends too much."""

    max_tokens: int
    max_cost: float | None
    input_price: float
    output_price: float
    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0
    estimated: bool = False
    """Whether a server left out what an answer cost and it was estimated."""

    @property
    def tokens(self) -> int:
        """Tokens spent so far."""
        return self.input_tokens + self.output_tokens

    @property
    def cost(self) -> float:
        """Money spent so far."""
        return (
            self.input_tokens * self.input_price + self.output_tokens * self.output_price
        ) / _MILLION

    def allow(self, question: str, answer_tokens: int) -> int:
        """Tokens that the answer to a question may have.

        Raises:
            BudgetSpent: not even a short answer is left.
        """
        asked = estimated_tokens(question)
        allowed = min(answer_tokens, self.max_tokens - self.tokens - asked)
        if allowed < LEAST_ANSWER:
            raise BudgetSpent(
                f"the budget of {self.max_tokens} tokens is used up after {self.tokens} "
                "(SONGREEL_PROMPT_LLM_MAX_TOKENS)"
            )
        if self.max_cost is not None:
            left = (self.max_cost - self.cost) * _MILLION - asked * self.input_price
            if self.output_price:
                allowed = min(allowed, int(left / self.output_price))
            if left < 0 or allowed < LEAST_ANSWER:
                raise BudgetSpent(
                    f"the budget of {self.max_cost:g} is used up after {self.cost:.4g} "
                    "(SONGREEL_PROMPT_LLM_MAX_COST)"
                )
        return allowed

    def charge(self, question: str, text: str, usage: tuple[int, int] | None) -> None:
        """Books an answer by what the server says of it, else by an estimate."""
        if usage is None:
            self.estimated = True
            usage = (estimated_tokens(question), estimated_tokens(text) if text else 0)
        self.input_tokens += usage[0]
        self.output_tokens += usage[1]
        self.calls += 1


def open_budget(settings: PromptSettings) -> Budget:
    """A fresh budget; raises `FailedPrecondition` when money is limited and prices unknown."""
    if settings.llm_max_cost is not None and not (
        settings.llm_input_price and settings.llm_output_price
    ):
        raise FailedPrecondition(
            "SONGREEL_PROMPT_LLM_MAX_COST needs the prices of a million tokens: set "
            "SONGREEL_PROMPT_LLM_INPUT_PRICE and SONGREEL_PROMPT_LLM_OUTPUT_PRICE"
        )
    return Budget(
        settings.llm_max_tokens,
        settings.llm_max_cost,
        settings.llm_input_price,
        settings.llm_output_price,
    )
