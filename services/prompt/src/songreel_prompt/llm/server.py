"""Client of an OpenAI-compatible server, and what is known of its capabilities."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast

from songreel_kit.errors import ModelMissing
from songreel_kit.work import CancelToken

from songreel_prompt.llm.client_errors import FormatRefused, typed_error
from songreel_prompt.llm.errors import Garbled, Unreachable
from songreel_prompt.llm.messages import Question, Reply, read_completion
from songreel_prompt.settings import PromptSettings

if TYPE_CHECKING:
    import openai

T = TypeVar("T")

ResponseFormat = Literal["schema", "json", "text"]
_NEXT_FORMAT: Final[dict[ResponseFormat, ResponseFormat]] = {"schema": "json", "json": "text"}
_LONGEST_WAIT_S: Final = 120.0  # the client obeys Retry-After up to two minutes
_POLL_S: Final = 0.05
_NO_ENDPOINT: Final = frozenset({400, 403, 404, 405, 422, 501})
"""Answers of servers that have no moderation endpoint."""
_OPENAI: Final = "https://api.openai.com/v1"


@dataclass(frozen=True)
class ServerCapabilities:
    """What a server accepts, as far as it is known."""

    response_format: ResponseFormat = "schema"
    limit_field: Literal["max_completion_tokens", "max_tokens"] = "max_tokens"
    moderates: bool = True


class LlmServer:
    """One configured server and model; remembers from job to job what it accepts."""

    def __init__(self, settings: PromptSettings) -> None:
        self._settings = settings
        self.url = settings.llm_base_url.rstrip("/") or _OPENAI
        self.model = settings.llm_model
        # OpenAI's newer models refuse the older name, other servers know only that one.
        newer = self.url == _OPENAI
        self.capabilities = ServerCapabilities(
            limit_field="max_completion_tokens" if newer else "max_tokens"
        )

    def require_configured(self) -> None:
        """Raises `ModelMissing` naming the package or every setting that is not there."""
        if find_spec("openai") is None:
            raise ModelMissing(
                "the llm storyteller needs a package that is not installed: pip install "
                "'songreel[llm]', or use the storyteller offline",
                storyteller="llm",
            )
        missing: list[str] = []
        if not self.model:
            missing.append("SONGREEL_PROMPT_LLM_MODEL (the model's name)")
        if not self._settings.llm_base_url and not self._key:
            missing.append(
                "OPENAI_API_KEY or SONGREEL_PROMPT_LLM_API_KEY (or, for a server of your own, "
                "SONGREEL_PROMPT_LLM_BASE_URL)"
            )
        if missing:
            raise ModelMissing(
                f"the llm storyteller is not set up: set {' and '.join(missing)}, or use the "
                "storyteller offline",
                storyteller="llm",
            )

    @contextmanager
    def connect(self, token: CancelToken) -> Generator[LlmClient]:
        """A client for one job, in a thread without an event loop of its own."""
        import openai

        client = openai.AsyncOpenAI(
            api_key=self._key or "none",
            base_url=self.url,
            timeout=self._settings.llm_timeout,
            max_retries=self._settings.llm_retries,
        )
        # The job's thread waits on the network and for a cancel at the same time.
        with asyncio.Runner() as runner:
            try:
                yield LlmClient(self, client, runner, token)
            finally:
                runner.run(client.close())

    @property
    def _key(self) -> str:
        return self._settings.llm_api_key.get_secret_value()

    @property
    def time_limit(self) -> float:
        """Seconds after which a call is given up, repetitions and waits included."""
        retries = self._settings.llm_retries
        # Half a timeout more, so that the client's own word on a timeout comes first.
        return self._settings.llm_timeout * (retries + 1.5) + _LONGEST_WAIT_S * retries

    @property
    def moderates(self) -> bool:
        """Whether a server is configured to be asked for moderation; it may have no endpoint."""
        return bool((self._settings.llm_base_url or self._key) and self.moderation_model)

    @property
    def moderation_model(self) -> str:
        """Model of the moderation endpoint; empty when it is switched off."""
        settings = self._settings
        return "" if settings.llm_moderation == "off" else settings.llm_moderation_model


class LlmClient:
    """Sends questions, one at a time."""

    def __init__(
        self,
        server: LlmServer,
        client: openai.AsyncOpenAI,
        runner: asyncio.Runner,
        token: CancelToken,
    ) -> None:
        self._server = server
        self._client = client
        self._runner = runner
        self._token = token

    def ask(self, question: Question, answer_tokens: int) -> Reply:
        """The model's answer, in the best response format that the server accepts.

        Raises:
            Unreachable, Rejected, Refused, Garbled: there is none.
            ModelMissing: the key, the model's name or the address is wrong.
            Cancelled: the job was.
        """
        return self._run(self._ask(question, answer_tokens))

    def moderate(self, texts: Sequence[str]) -> list[tuple[str, ...]] | None:
        """Categories that each text was flagged for; None when the server has no such endpoint.

        Raises:
            Unreachable, Garbled: it has one, but it did not answer.
        """
        if not self._server.moderation_model or not self._server.capabilities.moderates:
            return None
        return self._run(self._moderate(texts))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(self._unless_cancelled(work))

    async def _unless_cancelled(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        clock = asyncio.get_running_loop().time
        # A server that sends a byte now and then would outlast every read timeout.
        end = clock() + self._server.time_limit
        while not (task.done() or self._token.cancelled or clock() > end):
            await asyncio.wait({task}, timeout=_POLL_S)
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.wait({task})
        self._token.check()
        raise Unreachable(f"no whole answer within {self._server.time_limit:g} s")

    async def _ask(self, question: Question, answer_tokens: int) -> Reply:
        response_format = self._server.capabilities.response_format
        renamed = False
        while True:
            try:
                body = await self._complete(question, answer_tokens, response_format)
            except FormatRefused as refused:
                if not renamed and self._limit_renamed(refused.body_text):
                    renamed = True
                    continue
                if response_format not in _NEXT_FORMAT:
                    raise refused.final_error from refused
                response_format = _NEXT_FORMAT[response_format]
            else:
                # Only what worked is remembered: a question may be refused for other reasons.
                self._server.capabilities = replace(
                    self._server.capabilities, response_format=response_format
                )
                return read_completion(body)

    def _limit_renamed(self, body_text: str) -> bool:
        """Whether the server wants the length limit under its other name."""
        capabilities = self._server.capabilities
        if capabilities.limit_field not in body_text:
            return False
        other = (
            "max_tokens" if capabilities.limit_field != "max_tokens" else "max_completion_tokens"
        )
        if other not in body_text:
            return False
        self._server.capabilities = replace(capabilities, limit_field=other)
        return True

    async def _complete(
        self, question: Question, answer_tokens: int, response_format: ResponseFormat
    ) -> Any:
        extra: dict[str, Any] = {self._server.capabilities.limit_field: answer_tokens}
        if response_format == "schema":
            schema = {"name": question.name, "strict": True, "schema": json.loads(question.schema)}
            extra["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif response_format == "json":
            extra["response_format"] = {"type": "json_object"}
        messages = [{"role": m.role, "content": m.content} for m in question.messages]
        try:
            # Raw, because compatible servers leave out what the client's types promise.
            response = await self._client.chat.completions.with_raw_response.create(
                model=self._server.model, messages=cast("Any", messages), **extra
            )
            return json.loads(response.content)
        except Exception as error:
            raise typed_error(error, self._server.url, self._server.model) from error

    async def _moderate(self, texts: Sequence[str]) -> list[tuple[str, ...]] | None:
        import openai

        try:
            response = await self._client.moderations.with_raw_response.create(
                model=self._server.moderation_model, input=list(texts)
            )
            results = json.loads(response.content)["results"]
            flagged = [_categories(each) for each in results]
        except openai.APIStatusError as error:
            if error.status_code in _NO_ENDPOINT:
                self._server.capabilities = replace(self._server.capabilities, moderates=False)
                return None
            raise typed_error(error, self._server.url, self._server.model) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise Garbled("the moderation endpoint's answer cannot be read") from error
        except Exception as error:
            raise typed_error(error, self._server.url, self._server.model) from error
        if len(flagged) != len(texts):
            raise Garbled("the moderation endpoint left texts unanswered")
        return flagged


def _categories(result: Any) -> tuple[str, ...]:
    """What a moderation result flags a text for; empty when it does not."""
    if not result["flagged"]:
        return ()
    return tuple(sorted(str(k) for k, v in result["categories"].items() if v)) or ("flagged",)
