"""Our errors for those of the openai client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from songreel_kit.errors import ModelMissing

from songreel_prompt.llm.errors import AnswerFailed, Garbled, Rejected, Unreachable

if TYPE_CHECKING:
    import openai


class FormatRefused(AnswerFailed):
    """A 4xx that another response format may avoid."""

    def __init__(self, body_text: str, final_error: Exception) -> None:
        super().__init__(body_text)
        self.body_text = body_text
        self.final_error = final_error


def typed_error(error: Exception, url: str, model: str) -> Exception:
    """Our error for one of the client's; others pass unchanged."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return Unreachable("the server did not answer in time")
    if isinstance(error, openai.APIConnectionError):
        return Unreachable("the server cannot be reached, or broke off")
    if isinstance(error, (openai.AuthenticationError, openai.PermissionDeniedError)):
        return ModelMissing(
            f"{url} refuses the key (HTTP {error.status_code}): correct "
            "SONGREEL_PROMPT_LLM_API_KEY or OPENAI_API_KEY",
            storyteller="llm",
        )
    if isinstance(error, openai.RateLimitError):
        quota = error.code == "insufficient_quota"
        return Unreachable("the account's quota is used up" if quota else "too many requests")
    if isinstance(error, openai.APIStatusError):
        body_text = _error_text(error)
        if error.status_code in {400, 404, 415, 422, 501}:
            return FormatRefused(body_text, _final_error(error.status_code, body_text, url, model))
        kind = Unreachable if error.status_code >= 500 else Rejected
        return kind(f"the server answers HTTP {error.status_code}")
    if isinstance(error, ValueError):
        return Garbled("the server's answer is not JSON")
    return error


def _final_error(status: int, body_text: str, url: str, model: str) -> Exception:
    """What a 4xx means once the server has refused every format."""
    if status == 404:
        return ModelMissing(
            f"{url} has no model {model!r} (HTTP 404): correct "
            "SONGREEL_PROMPT_LLM_MODEL or SONGREEL_PROMPT_LLM_BASE_URL",
            storyteller="llm",
        )
    return Rejected(f"the server does not take the question (HTTP {status}: {body_text[:120]})")


def _error_text(error: openai.APIStatusError) -> str:
    body = error.body if isinstance(error.body, str) else json.dumps(error.body, default=str)
    return " ".join(body.split())
