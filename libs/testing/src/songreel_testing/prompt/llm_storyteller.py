"""Tells made-up songs with the llm storyteller against a server of the tests' own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_kit.work import CancelToken
from songreel_prompt.llm.storyteller import LlmStoryteller
from songreel_prompt.settings import PromptSettings
from songreel_prompt.song import read_song
from songreel_prompt.storyboard.checks import check_storyboard
from songreel_prompt.storyteller import StoryboardRequest, StoryboardResult
from songreel_prompt.styles import load_styles
from songreel_prompt.wording.tokens import ESTIMATE, TokenCounter

from songreel_testing.prompt.llm_server import ModelServer
from songreel_testing.prompt.synthetic_songs import ballad
from songreel_testing.serving import temporary_store

STYLES = load_styles()


def settings_for(model: ModelServer, **settings: Any) -> PromptSettings:
    quick = {"llm_timeout": 5.0, "llm_retries": 1} | settings
    return PromptSettings(llm_model="director", llm_base_url=model.url, **quick)


def llm_storyteller(model: ModelServer, folder: Path, **settings: Any) -> LlmStoryteller:
    return LlmStoryteller(settings_for(model, **settings), temporary_store(folder))


def write_checked(
    storyteller: LlmStoryteller,
    song: SongAnalysis | None = None,
    *,
    share: float | None = None,
    previous: Storyboard | None = None,
    seed: int = 0,
    tokens: TokenCounter = ESTIMATE,
    protagonist_name: str = "",
) -> StoryboardResult:
    """Tells and checks: whatever happened, a storyboard has to pass."""
    song = song or ballad()
    request = StoryboardRequest(
        read_song(song), STYLES["cartoon"], seed, share, previous, tokens, protagonist_name
    )
    result = storyteller.write(request, lambda _: None, CancelToken())
    checked = check_storyboard(
        result.storyboard,
        STYLES,
        duration=song.duration,
        song=request.song,
        share=share,
        tokens=tokens,
        protagonist_name=protagonist_name,
    )
    assert list(checked.scenes) == list(result.storyboard.scenes), (
        "the last check still mended something"
    )
    return result
