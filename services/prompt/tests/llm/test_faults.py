"""Whatever the server does, a sound storyboard comes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from songreel_kit.errors import ModelMissing
from songreel_testing.prompt.llm_faults import CASES, always, put, refuses_formats, shots
from songreel_testing.prompt.llm_server import (
    Answer,
    Fault,
    cassette,
    completion,
    correction_in,
    error,
    good_answer,
    material_of,
    serving_model,
    wants_treatment,
)
from songreel_testing.prompt.llm_storyteller import llm_storyteller, write_checked


@pytest.mark.parametrize("name", CASES)
def test_whatever_the_server_does_a_sound_storyboard_comes(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    with serving_model(case.fault) as model:
        result = write_checked(llm_storyteller(model, tmp_path, **dict(case.settings)))
    notes = "\n".join(result.storyboard.notes)
    written = re.search(r"wrote (\d+) of (\d+) scenes", notes)
    if case.by_model == "none":
        assert result.storyboard.storyteller == "offline"
        assert "the offline storyteller wrote all of it" in notes
        assert not result.lasting
    else:
        assert result.storyboard.storyteller == "llm"
        assert written is not None
        by_model, of = int(written[1]), int(written[2])
        assert (by_model == of) == (case.by_model == "all"), notes
        assert by_model > 0
    if case.by_model == "some":
        assert "written by the offline storyteller, because" in notes
    if case.expected_check:
        assert result.check_counts[case.expected_check] > 0, result.check_counts
    else:
        assert not result.check_counts or case.by_model == "none", result.check_counts
    assert case.note in notes, notes
    if case.questions is not None:
        assert len(model.requests) == case.questions


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
        write_checked(llm_storyteller(model, tmp_path))


@pytest.mark.parametrize("name", ["structured", "json_mode", "plain_text", "stormy"])
def test_cassettes_of_real_manners_end_in_the_same_story(name: str, tmp_path: Path) -> None:
    with serving_model() as plain:
        wanted = write_checked(llm_storyteller(plain, tmp_path / "plain")).storyboard
    with serving_model(cassette(name)) as model:
        result = write_checked(llm_storyteller(model, tmp_path / "played", llm_retries=2))
    assert list(result.storyboard.scenes) == list(wanted.scenes)
    assert result.storyboard.treatment == wanted.treatment
    assert result.storyboard.storyteller == "llm"


def test_the_form_that_a_server_takes_is_remembered(tmp_path: Path) -> None:
    with serving_model(refuses_formats(400, "text")) as model:
        storyteller = llm_storyteller(model, tmp_path)
        write_checked(storyteller)
        assert len(model.requests) == 4  # two refusals, once
        write_checked(storyteller, seed=1)
        assert len(model.requests) == 6


def test_the_reason_goes_back_once_and_only_for_what_failed(tmp_path: Path) -> None:
    fault = shots(put(detail="dancing with Freddie Mercury"), 3, twice=True)
    with serving_model(fault) as model:
        result = write_checked(llm_storyteller(model, tmp_path))
    (asked,) = [turn for request in model.requests if (turn := correction_in(request))]
    assert asked["answer_again"] == "only the scenes 3"
    assert any("scene 3" in fault and "Freddie Mercury" in fault for fault in asked["faults"])
    assert "Freddie" not in "".join(scene.prompt for scene in result.storyboard.scenes)
    assert any(
        note.startswith("scene 3: written by the offline") for note in result.storyboard.notes
    )
    assert material_of(model.requests[1])["scenes"][2]["scene"] == 3


def test_a_treatment_at_fault_is_mended_by_field(tmp_path: Path) -> None:
    def fault(index: int, request: dict[str, Any]) -> Answer | None:
        if not wants_treatment(request):
            return None
        answer = good_answer(request) | {
            "theme": "a nude portrait",
            "hero": "robot",
            "arc": ["one"],
        }
        return Answer(body=completion(answer))

    with serving_model(fault) as model:
        result = write_checked(llm_storyteller(model, tmp_path))
    assert result.storyboard.treatment.protagonist.startswith(("a woman", "a man"))
    assert "nude" not in result.storyboard.treatment.theme
    assert result.storyboard.treatment.motifs == ["a paper lantern"]
    assert (
        sum(note.startswith("treatment: corrected by rule") for note in result.storyboard.notes)
        == 3
    )
