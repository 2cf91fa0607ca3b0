"""Every fault that a server or a model can show, and what comes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from model_server import (
    Answer,
    Fault,
    again,
    cassette,
    direct,
    error,
    material,
    said,
    serving_model,
    wants_treatment,
)
from songreel_kit.errors import ModelMissing
from storytelling import tell, teller

# ruff: noqa: E501 - the table of cases is read by its rows

Change = Callable[[dict[str, Any]], None]


def always(answer: Answer) -> Fault:
    return lambda index, request: answer


def first(answer: Answer) -> Fault:
    """The first question meets it, the others are answered well."""
    return lambda index, request: answer if index == 0 else None


def on_shots(make: Callable[[dict[str, Any]], Answer], *, twice: bool = False) -> Fault:
    """The treatment is good; the shots meet the fault, once or as often as asked."""

    def fault(index: int, request: dict[str, Any]) -> Answer | None:
        if wants_treatment(request) or (again(request) and not twice):
            return None
        return make(request)

    return fault


def shots(change: Change, *scenes: int, twice: bool = False) -> Fault:
    """Some scenes of a good answer are changed for the worse."""

    def make(request: dict[str, Any]) -> Answer:
        answer = direct(request)
        for shot in answer["shots"]:
            if shot["scene"] in scenes:
                change(shot)
        return Answer(body=said(answer))

    return on_shots(make, twice=twice)


def text_of_shots(form: Callable[[str], str], finish: str = "stop", **message: Any) -> Fault:
    return on_shots(
        lambda request: Answer(
            body=said(form(json.dumps(direct(request))), finish=finish, **message)
        )
    )


def put(**values: Any) -> Change:
    return lambda shot: shot.update(values)


def without_usage(index: int, request: dict[str, Any]) -> Answer:
    body = said(direct(request))
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
    fired: str = ""
    """The check that has to fire."""
    note: str = ""
    """What the storyboard has to say."""
    questions: int | None = None
    """How often the server was asked."""
    settings: tuple[tuple[str, Any], ...] = ()


QUICK = (("llm_timeout", 1.0), ("llm_retries", 0))
CASES: dict[str, Case] = {
    "no answer ever": Case(always(Answer(manner="hang")), "none", note="in time", settings=QUICK),
    "a byte now and then": Case(
        always(Answer(body=said("x"), manner="drip")), "none", note="no whole answer", settings=QUICK
    ),
    "connection dropped": Case(
        always(Answer(manner="drop")), "none", note="broke off", settings=QUICK
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
    "empty answer, once": Case(first(Answer(body=said(""))), "all", "garbled", questions=3),
    "null answer, always": Case(always(Answer(body=said(None))), "none", "garbled", "empty"),
    "prose without JSON, once": Case(first(Answer(body=said("Once upon a time"))), "all", "garbled"),
    "a refusal, once": Case(
        first(Answer(body=said(None, refusal="I can't help."))), "all", "refused", questions=3
    ),
    "a refusal in words, always": Case(
        always(Answer(body=said("I'm sorry, I cannot."))), "none", "refused", "refused to answer"
    ),
    "the content filter, shots": Case(
        on_shots(lambda _: Answer(body=said(None, finish="content_filter")), twice=True),
        "none",
        "refused",
        "content filter",
    ),
    "JSON cut off, once": Case(text_of_shots(lambda t: t[: len(t) // 2], "length"), "all", "missing"),
    "JSON cut off, always": Case(
        on_shots(
            lambda r: Answer(body=said(json.dumps(direct(r))[:1000], finish="length")), twice=True
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
        on_shots(lambda r: Answer(body=said("no"))), "none", note="budget of 5000 tokens",
        settings=(("llm_max_tokens", 5000),),
    ),
    "money of the budget spent": Case(
        always(Answer(body=said("no"))), "none", note="budget of 0.01",
        settings=(("llm_max_cost", 0.01), ("llm_input_price", 5.0), ("llm_output_price", 15.0)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_whatever_the_server_does_a_sound_storyboard_comes(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    with serving_model(case.fault) as model:
        told = tell(teller(model, tmp_path, **dict(case.settings)))
    notes = "\n".join(told.board.notes)
    written = re.search(r"wrote (\d+) of (\d+) scenes", notes)
    if case.by_model == "none":
        assert told.board.storyteller == "offline"
        assert "the offline storyteller told all of it" in notes
        assert not told.lasting
    else:
        assert told.board.storyteller == "llm"
        assert written is not None
        by_model, of = int(written[1]), int(written[2])
        assert (by_model == of) == (case.by_model == "all"), notes
        assert by_model > 0
    if case.by_model == "some":
        assert "told by the offline storyteller, because" in notes
    if case.fired:
        assert told.fired[case.fired] > 0, told.fired
    else:
        assert not told.fired or case.by_model == "none", told.fired
    assert case.note in notes, notes
    if case.questions is not None:
        assert len(model.heard) == case.questions


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (always(error(401, "bad key")), "SONGREEL_PROMPT_LLM_API_KEY"),
        (always(error(403, "no")), "OPENAI_API_KEY"),
        (always(error(404, "model not found")), "SONGREEL_PROMPT_LLM_MODEL"),
    ],
)
def test_what_a_person_has_to_mend_is_an_error(fault: Fault, says: str, tmp_path: Path) -> None:
    with serving_model(fault) as model, pytest.raises(ModelMissing, match=says):
        tell(teller(model, tmp_path))


@pytest.mark.parametrize("name", ["structured", "json_mode", "plain_text", "stormy"])
def test_cassettes_of_real_manners_end_in_the_same_story(name: str, tmp_path: Path) -> None:
    with serving_model() as plain:
        wanted = tell(teller(plain, tmp_path / "plain")).board
    with serving_model(cassette(name)) as model:
        told = tell(teller(model, tmp_path / "played", llm_retries=2))
    assert list(told.board.scenes) == list(wanted.scenes)
    assert told.board.treatment == wanted.treatment
    assert told.board.storyteller == "llm"


def test_the_form_that_a_server_takes_is_remembered(tmp_path: Path) -> None:
    with serving_model(refuses_formats(400, "text")) as model:
        storyteller = teller(model, tmp_path)
        tell(storyteller)
        assert len(model.heard) == 4  # two refusals, once
        tell(storyteller, seed=1)
        assert len(model.heard) == 6


def test_the_reason_goes_back_once_and_only_for_what_failed(tmp_path: Path) -> None:
    fault = shots(put(detail="dancing with Freddie Mercury"), 3, twice=True)
    with serving_model(fault) as model:
        told = tell(teller(model, tmp_path))
    (asked,) = [turn for request in model.heard if (turn := again(request))]
    assert asked["answer_again"] == "only the scenes 3"
    assert any("scene 3" in fault and "Freddie Mercury" in fault for fault in asked["faults"])
    assert "Freddie" not in "".join(scene.prompt for scene in told.board.scenes)
    assert any(note.startswith("scene 3: told by the offline") for note in told.board.notes)
    assert material(model.heard[1])["scenes"][2]["scene"] == 3


def test_a_treatment_at_fault_is_mended_by_field(tmp_path: Path) -> None:
    def fault(index: int, request: dict[str, Any]) -> Answer | None:
        if not wants_treatment(request):
            return None
        answer = direct(request) | {"theme": "a nude portrait", "hero": "robot", "arc": ["one"]}
        return Answer(body=said(answer))

    with serving_model(fault) as model:
        told = tell(teller(model, tmp_path))
    assert told.board.treatment.protagonist.startswith(("a woman", "a man"))
    assert "nude" not in told.board.treatment.theme
    assert told.board.treatment.motifs == ["a paper lantern"]
    assert sum(note.startswith("treatment: mended by rule") for note in told.board.notes) == 3
