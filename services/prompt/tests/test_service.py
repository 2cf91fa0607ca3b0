from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import grpc.aio
import pytest
import pytest_asyncio
from songreel.prompt.v1 import prompt_service_pb2 as pb
from songreel.prompt.v1.prompt_service_pb2_grpc import PromptServiceStub
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.type.v1.artifact_pb2 import Artifact
from songreel_kit.artifacts.documents import load_document, store_document
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.errors import (
    ArtifactNotFound,
    InvalidAnalysis,
    InvalidPageToken,
    InvalidRequest,
    InvalidStoryboard,
    ModelMissing,
    UnknownStoryteller,
    UnknownStyle,
)
from songreel_prompt.service import create_service
from songreel_prompt.settings import PromptSettings
from songreel_testing.prompt.llm_server import error, serving_model
from songreel_testing.prompt.llm_storyteller import settings_for
from songreel_testing.prompt.synthetic_songs import ballad
from songreel_testing.serving import collect, expect_error, serving, temporary_store


@pytest.fixture
def store(tmp_path: Path) -> LocalArtifactStore:
    return temporary_store(tmp_path)


@pytest_asyncio.fixture
async def channel(store: LocalArtifactStore) -> AsyncGenerator[grpc.aio.Channel]:
    async with serving(create_service(PromptSettings(), store)) as channel:
        yield channel


async def written(
    channel: grpc.aio.Channel, analysis: Artifact, **options: object
) -> list[pb.WriteStoryboardResponse]:
    request = pb.WriteStoryboardRequest(
        analysis=analysis,
        options=pb.StoryboardOptions(**options),  # pyright: ignore[reportArgumentType]
    )
    return await collect(PromptServiceStub(channel).WriteStoryboard(request))


async def test_an_analysis_becomes_a_storyboard(
    channel: grpc.aio.Channel, store: LocalArtifactStore
) -> None:
    analysis = store_document(store, ballad())
    *progress, last = await written(channel, analysis, style="sketch", seed=5)
    fractions = [event.progress.fraction for event in progress]
    assert fractions
    assert fractions == sorted(fractions)
    assert last.result.storyteller == "offline"
    assert not last.result.reused
    board = load_document(store, last.result.storyboard, Storyboard)
    assert (board.style, board.look) == ("sketch", "pencil")
    assert board.scenes[0].start == 0.0
    assert board.scenes[-1].end == 64.0


async def test_the_same_request_is_answered_from_memory(
    channel: grpc.aio.Channel, store: LocalArtifactStore
) -> None:
    analysis = store_document(store, ballad())
    first = (await written(channel, analysis))[-1].result
    again = await written(channel, analysis)
    assert len(again) == 1
    assert again[0].result.reused
    assert again[0].result.storyboard == first.storyboard
    assert again[0].result.document == first.document
    other = (await written(channel, analysis, seed=1))[-1].result
    assert not other.reused
    assert other.storyboard != first.storyboard


async def test_requests_that_cannot_be_met_are_refused(
    channel: grpc.aio.Channel, store: LocalArtifactStore
) -> None:
    analysis = store_document(store, ballad())
    with expect_error(UnknownStyle) as style:
        await written(channel, analysis, style="cubist")
    assert "watercolour" in style.message
    with expect_error(UnknownStoryteller) as llm_storyteller:
        await written(channel, analysis, storyteller="oracle")
    assert "offline, llm" in llm_storyteller.message
    for share in (-0.1, 1.5, float("nan")):
        with expect_error(InvalidRequest) as asked:
            await written(channel, analysis, protagonist_share=share)
        assert "protagonist_share" in asked.message
    with expect_error(InvalidRequest):
        await written(channel, Artifact())
    with expect_error(InvalidAnalysis):
        await written(channel, store.put_bytes(b"RIFF", "audio/wav"))
    with expect_error(InvalidAnalysis):
        await written(channel, store.put_bytes(b"{}", "application/json"))
    with expect_error(ArtifactNotFound):
        gone = "0" * 64
        await written(channel, Artifact(uri=f"cas://{gone}", sha256=gone))


async def test_an_edited_document_comes_back_as_a_storyboard(
    channel: grpc.aio.Channel, store: LocalArtifactStore
) -> None:
    stub = PromptServiceStub(channel)
    analysis = store_document(store, ballad())
    result = (await written(channel, analysis))[-1].result
    board = result.storyboard
    formatted = await stub.FormatStoryboard(pb.FormatStoryboardRequest(storyboard=board))
    assert formatted.document.media_type == "application/yaml"
    assert formatted.document == result.document

    untouched = await stub.CheckStoryboard(
        pb.CheckStoryboardRequest(document=formatted.document, analysis=analysis)
    )
    assert untouched.storyboard == board  # nothing changed, so nothing is done twice
    assert untouched.document == result.document
    assert not untouched.notes

    text = store.read_bytes(formatted.document).decode()
    edited = text.replace("style: cartoon", "style: noir").replace("end: 64.0", "end: 63.9")
    answer = await stub.CheckStoryboard(
        pb.CheckStoryboardRequest(
            document=store.put_bytes(edited.encode(), "application/yaml"), analysis=analysis
        )
    )
    checked = load_document(store, answer.storyboard, Storyboard)
    assert checked.style == "noir"
    assert checked.scenes[-1].end == 64.0
    assert len(answer.notes) == 1


async def test_a_faulty_document_is_refused_with_its_line(
    channel: grpc.aio.Channel, store: LocalArtifactStore
) -> None:
    stub = PromptServiceStub(channel)

    async def check(data: bytes) -> None:
        document = store.put_bytes(data, "application/yaml")
        await stub.CheckStoryboard(
            pb.CheckStoryboardRequest(document=document, document_name="my.yaml")
        )

    with expect_error(InvalidStoryboard) as caught:
        await check(b"style: cartoon\nscenes:\n- end: 4\n  prompt: x\n  camera: dolly\n")
    assert caught.message.startswith("my.yaml:5: camera")
    with expect_error(InvalidStoryboard) as caught:
        await check(b"title: \xff\n")
    assert "UTF-8" in caught.message


async def test_a_document_that_nobody_saw_is_refused_with_its_scene(
    channel: grpc.aio.Channel, store: LocalArtifactStore
) -> None:
    stub = PromptServiceStub(channel)
    analysis = store_document(store, ballad())
    made = (await written(channel, analysis))[-1].result.storyboard
    asked = pb.CheckStoryboardRequest(document=made, analysis=analysis, by_scene=True)
    assert (await stub.CheckStoryboard(asked)).storyboard == made
    board = load_document(store, made, Storyboard)
    board.scenes[2].camera = "dolly"
    board.scenes[0].start = 2.0
    asked.document.CopyFrom(store_document(store, board))
    with expect_error(InvalidStoryboard) as caught:
        await stub.CheckStoryboard(asked)
    first, second = caught.message.split("; scene 3")
    assert first.startswith("scene 1: starts at 2 s")
    assert second.startswith(": camera is 'dolly'")


async def test_a_storyboard_is_rewritten_around_its_locked_scenes(
    channel: grpc.aio.Channel, store: LocalArtifactStore
) -> None:
    analysis = store_document(store, ballad())
    first = (await written(channel, analysis, style="noir"))[-1].result.storyboard
    board = load_document(store, first, Storyboard)
    board.look = "chalk"
    board.scenes[2].locked = True
    board.scenes[2].prompt = "realistic of a dog at the lake, old boots"
    kept = store_document(store, board)
    result = (await written(channel, analysis, seed=9, storyboard=kept))[-1].result
    again = load_document(store, result.storyboard, Storyboard)
    assert again.scenes[2] == board.scenes[2]
    assert (again.style, again.look) == ("noir", "chalk")
    other = (await written(channel, analysis, style="oil", storyboard=kept))[-1].result
    assert load_document(store, other.storyboard, Storyboard).look == "oil"
    assert again.scenes[5].seed != board.scenes[5].seed
    assert (await written(channel, analysis, seed=9, storyboard=kept))[-1].result.reused
    board.scenes[3].end += 9
    with expect_error(InvalidStoryboard):
        await written(channel, analysis, storyboard=store_document(store, board))


async def test_a_model_that_is_not_set_up_is_told_over_the_wire(
    store: LocalArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "SONGREEL_PROMPT_LLM_MODEL"):
        monkeypatch.delenv(name, raising=False)
    async with serving(create_service(PromptSettings(), store)) as channel:
        with expect_error(ModelMissing) as caught:
            await written(channel, store_document(store, ballad()), storyteller="llm")
    assert "SONGREEL_PROMPT_LLM_MODEL" in caught.message
    with pytest.raises(ModelMissing):
        create_service(PromptSettings(default_storyteller="llm"), store)


async def test_the_offline_storytellers_help_is_named_and_not_remembered(
    store: LocalArtifactStore,
) -> None:
    analysis = store_document(store, ballad())
    with serving_model(lambda *_: error(503, "down", retry_after="0.01")) as model:
        settings = settings_for(model)
        async with serving(create_service(settings, store)) as channel:
            result = (await written(channel, analysis, storyteller="llm"))[-1].result
            assert result.storyteller == "offline"
            board = load_document(store, result.storyboard, Storyboard)
            assert any("HTTP 503" in note for note in board.notes)
            model.fault = None
            better = (await written(channel, analysis, storyteller="llm"))[-1].result
            assert (better.storyteller, better.reused) == ("llm", False)
            same = (await written(channel, analysis, storyteller="llm"))[-1].result
            assert (same.storyteller, same.reused) == ("llm", True)


async def test_styles_are_listed_in_pages(channel: grpc.aio.Channel) -> None:
    stub = PromptServiceStub(channel)
    everything = await stub.ListStyles(pb.ListStylesRequest())
    names = [style.name for style in everything.styles]
    assert names == sorted(names)
    assert {"sketch", "cartoon", "realistic"} <= set(names)
    assert not everything.next_page_token
    paged: list[str] = []
    token = ""
    while True:
        page = await stub.ListStyles(pb.ListStylesRequest(page_size=3, page_token=token))
        assert 0 < len(page.styles) <= 3
        paged += [style.name for style in page.styles]
        token = page.next_page_token
        if not token:
            break
    assert paged == names
    for bad in ("nonsense!", "bm90aGluZw=="):
        with expect_error(InvalidPageToken):
            await stub.ListStyles(pb.ListStylesRequest(page_token=bad))
    with expect_error(InvalidRequest):
        await stub.ListStyles(pb.ListStylesRequest(page_size=-1))


def test_a_default_that_does_not_exist_is_told_at_the_start(store: LocalArtifactStore) -> None:
    with pytest.raises(UnknownStyle):
        create_service(PromptSettings(default_style="cubist"), store)
