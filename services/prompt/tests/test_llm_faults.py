"""Whatever the server does, a sound storyboard comes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from songreel_kit.errors import ModelMissing
from songreel_testing.prompt.llm_faults import CASES, always, put, refuses_formats, shots
from songreel_testing.prompt.model_server import (
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
from songreel_testing.prompt.storytelling import tell, teller


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
