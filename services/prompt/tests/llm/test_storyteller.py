from __future__ import annotations

import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel_kit.errors import Cancelled, FailedPrecondition, ModelMissing
from songreel_kit.work import CancelToken
from songreel_prompt.llm.storyteller import CHUNK_SCENES, LlmStoryteller
from songreel_prompt.settings import PromptSettings
from songreel_prompt.song import read_song
from songreel_prompt.storyteller import StoryboardRequest
from songreel_testing.prompt.llm_server import (
    Answer,
    error,
    material_of,
    serving_model,
)
from songreel_testing.prompt.llm_storyteller import (
    STYLES,
    llm_storyteller,
    settings_for,
    write_checked,
)
from songreel_testing.prompt.synthetic_songs import any_analysis, ballad, instrumental
from songreel_testing.serving import temporary_store


def test_long_songs_are_written_in_chunks_that_carry_the_story(tmp_path: Path) -> None:
    made = instrumental()
    with serving_model() as model:
        result = write_checked(llm_storyteller(model, tmp_path), made)
    treatment, *chunks = [material_of(request) for request in model.requests]
    assert len(treatment["parts"]) == 7
    assert len(chunks) > 1
    numbers = [scene["scene"] for chunk in chunks for scene in chunk["scenes"]]
    assert numbers == list(range(1, len(result.storyboard.scenes) + 1))
    assert all(len(chunk["scenes"]) <= CHUNK_SCENES for chunk in chunks)
    for before, chunk in pairwise(chunks):
        assert chunk["treatment"] == before["treatment"]
        last = before["scenes"][-1]["scene"]
        assert [shot["scene"] for shot in chunk["previous"]] == [last - 2, last - 1, last]
        assert chunk["previous"][-1]["prompt"] == result.storyboard.scenes[last - 1].prompt


def test_a_server_that_dies_midway_leaves_the_rest_to_the_offline_storyteller(
    tmp_path: Path,
) -> None:
    def die(index: int, request: dict[str, Any]) -> Answer | None:
        return error(503, "gone", retry_after="0.01") if index > 1 else None

    with serving_model(die) as model:
        storyteller = llm_storyteller(model, tmp_path)
        result = write_checked(storyteller, instrumental())
        assert result.storyboard.storyteller == "llm"
        assert not result.lasting
        assert any("written by the offline storyteller" in note for note in result.storyboard.notes)
        coats = [scene for scene in result.storyboard.scenes if "a green coat" in scene.prompt]
        assert coats[-1].start > 100  # the rest keeps the treatment's protagonist
        heard = len(model.requests)
        model.fault = None
        whole = write_checked(storyteller, instrumental())
        assert whole.lasting
        # What was answered before the fall was not asked again.
        asked = [material_of(request) for request in model.requests[heard:]]
        assert all("parts" not in brief for brief in asked)
        assert asked[0]["scenes"][0]["scene"] == CHUNK_SCENES + 1


def test_the_same_question_is_paid_for_once(tmp_path: Path) -> None:
    with serving_model() as model:
        first = write_checked(llm_storyteller(model, tmp_path))
        again_told = write_checked(llm_storyteller(model, tmp_path))
        assert len(model.requests) == 2
        assert list(again_told.storyboard.scenes) == list(first.storyboard.scenes)
        assert any("in 0 calls, 0 tokens" in note for note in again_told.storyboard.notes)
        write_checked(llm_storyteller(model, tmp_path), seed=1)
        assert len(model.requests) == 4


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=any_analysis())
def test_any_song_at_all_is_told(
    made: SongAnalysis, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serving_model() as model:
        result = write_checked(llm_storyteller(model, tmp_path_factory.mktemp("any")), made)
    assert result.storyboard.storyteller == "llm"
    assert result.storyboard.scenes[-1].end == made.duration


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 1.0])
def test_the_protagonist_is_in_as_many_scenes_as_asked(share: float, tmp_path: Path) -> None:
    with serving_model() as model:
        result = write_checked(llm_storyteller(model, tmp_path), instrumental(), share=share)
    scenes = result.storyboard.scenes
    assert abs(sum(s.protagonist for s in scenes) / len(scenes) - share) <= 0.16
    assert material_of(model.requests[1])["protagonist_scenes"].startswith("about")


def test_locked_scenes_stay_and_the_others_fit_in(tmp_path: Path) -> None:
    with serving_model() as model:
        storyteller = llm_storyteller(model, tmp_path)
        before = write_checked(storyteller).storyboard
        before.scenes[4].prompt = "cartoon of a couple in the city, night, an old piano"
        before.scenes[4].locked = True
        before.scenes[4].end += 0.5
        before.scenes[5].start += 0.5
        model.requests.clear()
        after = write_checked(storyteller, previous=before, seed=7).storyboard
    assert after.scenes[4] == before.scenes[4]
    assert [(s.start, s.end) for s in after.scenes] == [(s.start, s.end) for s in before.scenes]
    treatment, chunk = [material_of(request) for request in model.requests[:2]]
    assert treatment["treatment_so_far"]["theme"] == before.treatment.theme
    assert 5 not in [scene["scene"] for scene in chunk["scenes"]]
    assert chunk["locked"] == [
        {"scene": 5, "prompt": before.scenes[4].prompt, "shot": before.scenes[4].shot}
    ]
    assert after.scenes[3].seed != before.scenes[3].seed
    for scene in before.scenes:
        scene.locked = True
    with serving_model(lambda *_: error(500, "not to be asked")) as silent:
        kept = write_checked(llm_storyteller(silent, tmp_path), previous=before)
        assert not silent.requests
    assert list(kept.storyboard.scenes) == list(before.scenes)


def test_money_and_tokens_are_counted(tmp_path: Path) -> None:
    prices = {"llm_max_cost": 1.0, "llm_input_price": 2.0, "llm_output_price": 10.0}
    with serving_model() as model:
        result = write_checked(llm_storyteller(model, tmp_path, **prices))
    # Two answers of 900 + 600 tokens each.
    assert any("3000 tokens, cost 0.0156" in note for note in result.storyboard.notes)
    with serving_model() as model:
        small = write_checked(llm_storyteller(model, tmp_path / "small", llm_max_tokens=1000))
        assert not model.requests  # not even begun
    assert any("budget of 1000 tokens" in note for note in small.storyboard.notes)
    with serving_model() as model, pytest.raises(FailedPrecondition, match="INPUT_PRICE"):
        write_checked(llm_storyteller(model, tmp_path, llm_max_cost=1.0))


def test_a_cancel_ends_a_question_at_once(tmp_path: Path) -> None:
    token = CancelToken()
    asked = threading.Event()

    def hang(index: int, request: dict[str, Any]) -> Answer:
        asked.set()
        return Answer(delivery="hang")

    def cancel() -> None:
        asked.wait(20)
        token.cancel()

    with serving_model(hang) as model:
        watcher = threading.Thread(target=cancel)
        watcher.start()
        storyteller = llm_storyteller(model, tmp_path, llm_timeout=600.0)
        with pytest.raises(Cancelled):
            storyteller.write(
                StoryboardRequest(read_song(ballad()), STYLES["cartoon"]), lambda _: None, token
            )
        watcher.join()


def test_what_is_not_set_up_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    store = temporary_store(tmp_path)
    with pytest.raises(ModelMissing, match=r"SONGREEL_PROMPT_LLM_MODEL.*OPENAI_API_KEY"):
        LlmStoryteller(PromptSettings(), store).prepare()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with pytest.raises(ModelMissing, match="SONGREEL_PROMPT_LLM_MODEL"):
        LlmStoryteller(PromptSettings(), store).prepare()
    named = PromptSettings(llm_model="m")
    LlmStoryteller(named, store).prepare()
    assert "sk-secret" not in repr(named)


def test_the_key_and_address_of_the_environment_are_honoured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_model() as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
        monkeypatch.setenv("SONGREEL_PROMPT_LLM_MODEL", "director")
        storyteller = LlmStoryteller(PromptSettings(), temporary_store(tmp_path))
        assert write_checked(storyteller).storyboard.storyteller == "llm"
        assert model.requests[0]["model"] == "director"
        assert settings_for(model).llm_base_url == model.url


def test_importing_the_service_does_not_load_the_client() -> None:
    program = "import sys, songreel_prompt.service as s; print('openai' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"
