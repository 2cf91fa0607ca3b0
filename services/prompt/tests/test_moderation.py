"""The moderation endpoint sees every storyboard: told offline, edited by hand, locked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio
import pytest
from songreel.prompt.v1 import prompt_service_pb2 as pb
from songreel.prompt.v1.prompt_service_pb2_grpc import PromptServiceStub
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.type.v1.artifact_pb2 import Artifact
from songreel_kit.artifacts.documents import load_document, store_document
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.errors import InvalidRequest, InvalidStoryboard
from songreel_prompt.service import create_service
from songreel_testing.prompt.llm_server import ModelServer, serving_model
from songreel_testing.prompt.llm_storyteller import settings_for
from songreel_testing.prompt.synthetic_songs import ballad
from songreel_testing.serving import collect, expect_error, serving, temporary_store


@pytest.fixture
def store(tmp_path: Path) -> LocalArtifactStore:
    return temporary_store(tmp_path)


@asynccontextmanager
async def service(
    model: ModelServer, store: LocalArtifactStore, **settings: object
) -> AsyncGenerator[grpc.aio.Channel]:
    async with serving(create_service(settings_for(model, **settings), store)) as channel:
        yield channel


async def written(
    channel: grpc.aio.Channel, analysis: Artifact, **options: object
) -> pb.WriteStoryboardResult:
    request = pb.WriteStoryboardRequest(
        analysis=analysis,
        options=pb.StoryboardOptions(**options),  # pyright: ignore[reportArgumentType]
    )
    return (await collect(PromptServiceStub(channel).WriteStoryboard(request)))[-1].result


async def test_an_offline_scene_that_is_flagged_keeps_its_caption(
    store: LocalArtifactStore,
) -> None:
    analysis = store_document(store, ballad())
    with serving_model(flagged=lambda text: "far away" in text) as model:
        async with service(model, store, llm_moderation="off") as channel:
            plain = await written(channel, analysis)
        assert not model.moderation_inputs
        async with service(model, store) as channel:
            result = await written(channel, analysis)
            assert (await written(channel, analysis)).reused
    before, after = (load_document(store, r.storyboard, Storyboard) for r in (plain, result))
    flagged = [i for i, scene in enumerate(before.scenes) if "far away" in scene.prompt]
    assert flagged
    for i in flagged:
        assert after.scenes[i].prompt == ", ".join(before.scenes[i].prompt.split(", ")[:5])
        said = f"scene {i + 1}: moderation flagged the prompt (violence); its caption is left"
        assert said in after.notes
    assert {scene.prompt for scene in before.scenes} <= set(model.moderation_inputs)


async def test_what_a_model_wrote_and_moderation_cleared_is_not_asked_twice(
    store: LocalArtifactStore,
) -> None:
    analysis = store_document(store, ballad())
    with serving_model(flagged=lambda text: False) as model:
        async with service(model, store) as channel:
            result = await written(channel, analysis, storyteller="llm")
    board = load_document(store, result.storyboard, Storyboard)
    assert board.storyteller == "llm"
    counts = [model.moderation_inputs.count(scene.prompt) for scene in board.scenes]
    assert counts == [1] * len(board.scenes)


async def test_a_hand_edited_prompt_that_is_flagged_is_refused_with_its_line(
    store: LocalArtifactStore,
) -> None:
    scenes = b"- end: 4\n  prompt: a quiet road\n- end: 8\n  prompt: a bad road\n"
    text = b"style: cartoon\nscenes:\n" + scenes
    with serving_model(flagged=lambda text: "bad" in text) as model:
        async with service(model, store) as channel:
            stub = PromptServiceStub(channel)
            document = store.put_bytes(text, "application/yaml")
            with expect_error(InvalidStoryboard) as caught:
                await stub.CheckStoryboard(
                    pb.CheckStoryboardRequest(document=document, document_name="S.yaml")
                )
            assert caught.message == "S.yaml:6: moderation flagged the prompt (violence); change it"
            good = store.put_bytes(text.replace(b"bad", b"good"), "application/yaml")
            answer = await stub.CheckStoryboard(pb.CheckStoryboardRequest(document=good))
            assert not any("moderation" in note for note in answer.notes)


async def test_a_locked_scene_is_moderated_before_the_rest_is_rewritten(
    store: LocalArtifactStore,
) -> None:
    analysis = store_document(store, ballad())
    with serving_model(flagged=lambda text: "my own" in text) as model:
        async with service(model, store) as channel:
            first = (await written(channel, analysis)).storyboard
            board = load_document(store, first, Storyboard)
            board.scenes[2].prompt = "a boat of my own"
            rewritten = store_document(store, board)
            assert (await written(channel, analysis, storyboard=rewritten)).storyboard == first
            board.scenes[2].locked = True
            with expect_error(InvalidStoryboard) as caught:
                await written(channel, analysis, storyboard=store_document(store, board))
    assert caught.message == "scene 3: moderation flagged the prompt (violence); change it"


async def test_moderation_that_fails_is_said_and_not_remembered(store: LocalArtifactStore) -> None:
    analysis = store_document(store, ballad())
    with serving_model(flagged=lambda text: False) as model:
        model.moderation_status = 500
        async with service(model, store, llm_retries=0) as channel:
            result = await written(channel, analysis)
            board = load_document(store, result.storyboard, Storyboard)
            assert any("HTTP 500" in note and "blocklist" in note for note in board.notes)
            model.moderation_status = 200
            better = await written(channel, analysis)
            assert not better.reused
            assert not load_document(store, better.storyboard, Storyboard).notes
            assert (await written(channel, analysis)).reused


async def test_a_server_without_the_endpoint_changes_nothing(store: LocalArtifactStore) -> None:
    analysis = store_document(store, ballad())
    with serving_model() as model:
        async with service(model, store) as channel:
            board = load_document(store, (await written(channel, analysis)).storyboard, Storyboard)
            assert not board.notes
            assert (await written(channel, analysis)).reused


async def test_the_consented_name_goes_with_the_request(store: LocalArtifactStore) -> None:
    analysis = store_document(store, ballad())
    with serving_model() as model:
        async with service(model, store) as channel:
            board = load_document(
                store,
                (await written(channel, analysis, protagonist_name="Anna Example")).storyboard,
                Storyboard,
            )
            assert board.treatment.protagonist.startswith("Anna Example: ")
            result = await written(
                channel, analysis, protagonist_name="Anna Example", storyteller="llm"
            )
            assert result.storyteller == "llm"
            assert all(
                "Anna Example" in request["messages"][1]["content"] for request in model.requests
            )
            for name in ("x, in the style of y", "R2D2", "-", "a" * 61):
                with expect_error(InvalidRequest) as caught:
                    await written(channel, analysis, protagonist_name=name)
                assert "protagonist_name" in caught.message
