"""Tells made-up songs with the llm storyteller against a server of the tests' own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_kit.work import CancelToken
from songreel_prompt.llm.storyteller import LanguageStoryteller
from songreel_prompt.settings import PromptSettings
from songreel_prompt.story.song import read_song
from songreel_prompt.storyboard.checks import check_storyboard
from songreel_prompt.storytellers import Commission, Told
from songreel_prompt.styles import load_styles
from songreel_prompt.wording.tokens import ESTIMATE, TokenCounter

from songreel_testing.prompt.made_up_songs import ballad
from songreel_testing.prompt.model_server import ModelServer
from songreel_testing.serving import temporary_store

STYLES = load_styles()


def settings_for(model: ModelServer, **settings: Any) -> PromptSettings:
    quick = {"llm_timeout": 5.0, "llm_retries": 1} | settings
    return PromptSettings(llm_model="director", llm_base_url=model.url, **quick)


def teller(model: ModelServer, folder: Path, **settings: Any) -> LanguageStoryteller:
    return LanguageStoryteller(settings_for(model, **settings), temporary_store(folder))


def tell(
    storyteller: LanguageStoryteller,
    song: SongAnalysis | None = None,
    *,
    share: float | None = None,
    previous: Storyboard | None = None,
    seed: int = 0,
    tokens: TokenCounter = ESTIMATE,
    consented: str = "",
) -> Told:
    """Tells and checks: whatever happened, a storyboard has to pass."""
    song = song or ballad()
    commission = Commission(
        read_song(song), STYLES["cartoon"], seed, share, previous, tokens, consented
    )
    told = storyteller.tell(commission, lambda _: None, CancelToken())
    checked = check_storyboard(
        told.board,
        STYLES,
        duration=song.duration,
        song=commission.song,
        share=share,
        tokens=tokens,
        consented=consented,
    )
    assert list(checked.scenes) == list(told.board.scenes), "the last check still mended something"
    return told
