"""Messages to a model, and replies as servers send them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

from songreel_prompt.llm.errors import Garbled, Refused


@dataclass(frozen=True)
class Message:
    """One turn; only our own constant words are ever in the system's."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Question:
    """What is asked, and the form that the answer should have."""

    messages: tuple[Message, ...]
    name: str
    """Name of the form: "treatment" or "shots"."""
    schema: str
    """JSON schema of the answer, as JSON."""

    @property
    def text(self) -> str:
        """All of it, to be measured."""
        return "\n".join(message.content for message in self.messages) + self.schema


@dataclass(frozen=True)
class Reply:
    """What came back."""

    text: str
    truncated: bool
    usage: tuple[int, int] | None
    """Tokens asked and answered, as the server says; None when it does not."""


def read_completion(body: Any) -> Reply:
    """The first choice of a chat completion.

    Raises:
        Refused: it was declined or filtered.
        Garbled: it is no chat completion.
    """
    try:
        choice = body["choices"][0]
        message = choice["message"]
        content = message.get("content")
        finish = choice.get("finish_reason")
        refusal = message.get("refusal")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Garbled("the server's answer is no chat completion") from error
    if isinstance(content, list):
        parts = cast("list[Any]", content)
        content = "".join(str(p.get("text", "")) for p in parts if isinstance(p, dict))
    if refusal:
        raise Refused("the model refused to answer")
    if finish == "content_filter":
        raise Refused("the server's content filter stopped the answer")
    return Reply(str(content or ""), finish == "length", _usage(body))


def _usage(body: Any) -> tuple[int, int] | None:
    try:
        usage = int(body["usage"]["prompt_tokens"]), int(body["usage"]["completion_tokens"])
    except (KeyError, TypeError, ValueError):
        return None
    return usage if min(usage) >= 0 and sum(usage) > 0 else None
