"""Every fault that a server or a model can show: what it does, and what has to come of it."""

# ruff: noqa: E501 - the table of cases is read by its rows

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from songreel_testing.prompt.llm_server import (
    Answer,
    Fault,
    completion,
    correction_in,
    error,
    good_answer,
    wants_treatment,
)

Change = Callable[[dict[str, Any]], None]


def always(answer: Answer) -> Fault:
    return lambda index, request: answer


def first(answer: Answer) -> Fault:
    """The first question meets it, the others are answered well."""
    return lambda index, request: answer if index == 0 else None


def on_shots(make: Callable[[dict[str, Any]], Answer], *, twice: bool = False) -> Fault:
    """The treatment is good; the shots meet the fault, once or as often as asked."""

    def fault(index: int, request: dict[str, Any]) -> Answer | None:
        if wants_treatment(request) or (correction_in(request) and not twice):
            return None
        return make(request)

    return fault


def shots(change: Change, *scenes: int, twice: bool = False) -> Fault:
    """Some scenes of a good answer are changed for the worse."""

    def make(request: dict[str, Any]) -> Answer:
        answer = good_answer(request)
        for shot in answer["shots"]:
            if shot["scene"] in scenes:
                change(shot)
        return Answer(body=completion(answer))

    return on_shots(make, twice=twice)


def text_of_shots(form: Callable[[str], str], finish: str = "stop", **message: Any) -> Fault:
    return on_shots(
        lambda request: Answer(
            body=completion(form(json.dumps(good_answer(request))), finish=finish, **message)
        )
    )


def put(**values: Any) -> Change:
    return lambda shot: shot.update(values)


def without_usage(index: int, request: dict[str, Any]) -> Answer:
    body = completion(good_answer(request))
    del body["usage"]
    return Answer(body=body)


def refuses_formats(status: int, *known: str) -> Fault:
    def fault(index: int, request: dict[str, Any]) -> Answer | None:
        form = request.get("response_format", {}).get("type", "text")
        return None if form in known else error(status, f"response_format {form} is not supported")

    return fault


def wants_new_limit(index: int, request: dict[str, Any]) -> Answer | None:
    if "max_tokens" in request:
        return error(400, "'max_tokens' is not supported; use 'max_completion_tokens' instead")
    return None


SOON = {"retry_after": "0.02"}


@dataclass(frozen=True)
class Case:
    """A fault and what has to come of it."""

    fault: Fault
    by_model: str
    """"all", "some" or "none" of the scenes."""
    expected_check: str = ""
    """The check that has to fire."""
    note: str = ""
    """What the storyboard has to say."""
    questions: int | None = None
    """How often the server was asked."""
    settings: tuple[tuple[str, Any], ...] = ()


QUICK = (("llm_timeout", 1.0), ("llm_retries", 0))
CASES: dict[str, Case] = {
    "no answer ever": Case(
        always(Answer(delivery="hang")), "none", note="in time",
        # Patience ends half a timeout later than the client's own: long enough on a busy machine.
        settings=(("llm_timeout", 3.0), ("llm_retries", 0)),
    ),
    "a byte now and then": Case(
        always(Answer(body=completion("x"), delivery="drip")), "none", note="no whole answer", settings=QUICK
    ),
    "connection dropped": Case(
        always(Answer(delivery="drop")), "none", note="broke off", settings=QUICK
    ),
    "429 with Retry-After, then well": Case(first(error(429, "slow", **SOON)), "all", questions=3),
    "429 for ever": Case(always(error(429, "slow", **SOON)), "none", note="too many requests"),
    "429, the quota is spent": Case(
        always(error(429, "pay", code="insufficient_quota", **SOON)), "none", note="quota"
    ),
    "500, then well": Case(first(error(500, "oops", **SOON)), "all", questions=3),
    "503 for ever": Case(always(error(503, "down", **SOON)), "none", note="HTTP 503"),
    "503 from the shots on": Case(
        on_shots(lambda _: error(503, "down", **SOON), twice=True), "none", note="HTTP 503"
    ),
    "json_schema refused (400)": Case(refuses_formats(400, "json_object", "text"), "all"),
    "any response_format refused (422)": Case(refuses_formats(422, "text"), "all"),
    "any response_format refused (404)": Case(refuses_formats(404, "text"), "all"),
    "every question refused (400)": Case(
        always(error(400, "context length exceeded")), "none", note="context length"
    ),
    "max_tokens renamed": Case(wants_new_limit, "all", questions=3),
    "an HTML page": Case(always(Answer(body="<html>hello</html>")), "none", note="not JSON"),
    "no choices": Case(always(Answer(body={"ok": True})), "none", note="no chat completion"),
    "empty answer, once": Case(first(Answer(body=completion(""))), "all", "garbled", questions=3),
    "null answer, always": Case(always(Answer(body=completion(None))), "none", "garbled", "empty"),
    "prose without JSON, once": Case(first(Answer(body=completion("Once upon a time"))), "all", "garbled"),
    "a refusal, once": Case(
        first(Answer(body=completion(None, refusal="I can't help."))), "all", "refused", questions=3
    ),
    "a refusal in words, always": Case(
        always(Answer(body=completion("I'm sorry, I cannot."))), "none", "refused", "refused to answer"
    ),
    "the content filter, shots": Case(
        on_shots(lambda _: Answer(body=completion(None, finish="content_filter")), twice=True),
        "none",
        "refused",
        "content filter",
    ),
    "JSON cut off, once": Case(text_of_shots(lambda t: t[: len(t) // 2], "length"), "all", "missing"),
    "JSON cut off, always": Case(
        on_shots(
            lambda r: Answer(body=completion(json.dumps(good_answer(r))[:1000], finish="length")), twice=True
        ),
        "some",
        "missing",
        "broke off",
    ),
    "JSON in a code fence": Case(text_of_shots(lambda t: f"Sure!\n```json\n{t}\n```"), "all"),
    "JSON after thoughts": Case(text_of_shots(lambda t: f"<think>{{hm}}</think>{t}"), "all"),
    "single quotes, a comma too many": Case(
        text_of_shots(lambda t: t.replace('"', "'").replace("}]", "},]")), "all"
    ),
    "a bare list": Case(text_of_shots(lambda t: json.dumps(json.loads(t)["shots"])), "all"),
    "fields too many": Case(shots(put(mood_board=[1], extra={}), 2, 3), "all"),
    "words in other forms": Case(shots(put(subject="A Woman", shot="Closeup"), 2, 4), "all"),
    "words out of the vocabulary": Case(
        shots(put(place="kitchen", camera="dolly"), 4, twice=True), "some", "vocabulary", "kitchen"
    ),
    "a scene left out": Case(
        shots(lambda shot: shot.update(scene=99), 5, twice=True), "some", "missing", "left it out"
    ),
    "a scene of a wrong type": Case(shots(put(scene="five"), 5), "all", "missing"),
    "an artist's style": Case(
        shots(put(detail="painted in the style of van gogh"), 3, twice=True), "some", "names"
    ),
    "a person's name": Case(
        shots(put(detail="dancing with Freddie Mercury"), 3, 4), "all", "names"
    ),
    "an unsafe detail": Case(shots(put(detail="naked in the rain"), 7, twice=True), "some", "unsafe"),
    "a figure drawn literally": Case(
        shots(put(detail="a heart on fire"), 6, twice=True), "some", "literal", "literally"
    ),
    "a link and markup": Case(
        shots(put(detail="see https://example.org"), 6, twice=True), "some", "foreign"
    ),
    "another language": Case(
        shots(put(detail="\u6d77\u8fb9\u7684\u706f\u7b3c"), 2, twice=True), "some", "language"
    ),
    "a detail without end": Case(
        shots(put(detail=", ".join(["a lantern on the wall"] * 40)), 2, twice=True), "some", "tokens"
    ),
    "no detail": Case(shots(put(detail=""), 2), "all", "empty"),
    "a boat in the desert": Case(
        shots(put(subject="boat", place="desert", protagonist=False), 4), "all", "place"
    ),
    "the protagonist is a bird": Case(
        shots(put(subject="bird", protagonist=True), 4, twice=True), "some", "protagonist"
    ),
    "twice the same picture": Case(
        shots(
            put(subject="woman", place="beach", mood="sad", shot="wide", detail="a wall",
                protagonist=True),
            7, 8, twice=True,
        ),
        "all",
        "equal",
        "the same as the scene before",
    ),
    "an unrelated picture": Case(
        shots(
            put(subject="tree", place="mountains", detail="pine cones", protagonist=False),
            8, twice=True,
        ),
        "all",
        "unrelated",
        "shares nothing",
    ),
    "the protagonist never comes": Case(
        shots(
            lambda shot: shot.update(subject="bird", protagonist=False), *range(1, 16), twice=True
        ),
        "all",
        "share",
        "too few scenes",
    ),
    "no usage told": Case(without_usage, "all", note="estimated"),
    "tokens of the budget spent": Case(
        on_shots(lambda r: Answer(body=completion("no"))), "none", note="budget of 5000 tokens",
        settings=(("llm_max_tokens", 5000),),
    ),
    "money of the budget spent": Case(
        always(Answer(body=completion("no"))), "none", note="budget of 0.01",
        settings=(("llm_max_cost", 0.01), ("llm_input_price", 5.0), ("llm_output_price", 15.0)),
    ),
}  # fmt: skip
