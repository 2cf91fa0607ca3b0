"""A storyteller is a module and a row of the table."""

from __future__ import annotations

from pathlib import Path

import pytest
from songreel.prompt.v1 import prompt_service_pb2 as pb
from songreel.prompt.v1.prompt_service_pb2_grpc import PromptServiceStub
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel_kit.artifacts.documents import load_document, store_document
from songreel_kit.errors import InvalidStoryboard, UnknownStoryteller
from songreel_kit.work import CancelToken
from songreel_prompt.service import create_service
from songreel_prompt.settings import PromptSettings
from songreel_prompt.storyteller import ProgressCallback, StoryboardRequest, StoryboardResult
from songreel_prompt.storytellers import STORYTELLERS
from songreel_testing.prompt.synthetic_songs import ballad
from songreel_testing.serving import collect, expect_error, serving, temporary_store


class Haiku:
    """A storyteller made up here: one scene, the length of the song."""

    version = "1"

    def prepare(self) -> None: ...

    def write(
        self, request: StoryboardRequest, report_progress: ProgressCallback, token: CancelToken
    ) -> StoryboardResult:
        report_progress(1.0)
        scene = Scene(end=request.song.duration, prompt="cartoon of an old pond, a frog")
        scene.shot, scene.mood, scene.transition, scene.camera = "wide", "serene", "cut", "none"
        return StoryboardResult(
            Storyboard(style=request.style.name, storyteller="haiku", scenes=[scene])
        )


async def test_a_storyteller_is_one_row_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STORYTELLERS, "haiku", lambda *_: Haiku())
    store = temporary_store(tmp_path)
    analysis = store_document(store, ballad())
    request = pb.WriteStoryboardRequest(
        analysis=analysis, options=pb.StoryboardOptions(storyteller="haiku")
    )
    async with serving(create_service(PromptSettings(), store)) as channel:
        result = (await collect(PromptServiceStub(channel).WriteStoryboard(request)))[-1].result
        assert result.storyteller == "haiku"
        board = load_document(store, result.storyboard, Storyboard)
        assert [scene.prompt for scene in board.scenes] == ["cartoon of an old pond, a frog"]
        # A person edits what it wrote; what nobody wrote is still refused.
        checked = await PromptServiceStub(channel).CheckStoryboard(
            pb.CheckStoryboardRequest(document=result.document, analysis=analysis)
        )
        assert checked.storyboard == result.storyboard
        with expect_error(InvalidStoryboard) as caught:
            text = store.read_bytes(result.document).replace(b"haiku", b"sonnet")
            document = store.put_bytes(text, "application/yaml")
            await PromptServiceStub(channel).CheckStoryboard(
                pb.CheckStoryboardRequest(document=document)
            )
        assert "one of offline, llm, haiku, hand" in caught.message
    # Without the row nobody knows it.
    monkeypatch.undo()
    async with serving(create_service(PromptSettings(), store)) as channel:
        with expect_error(UnknownStoryteller):
            await collect(PromptServiceStub(channel).WriteStoryboard(request))
