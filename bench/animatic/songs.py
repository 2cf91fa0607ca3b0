"""Songs with the storyboards that the offline storyteller writes for them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_audio.analysis import AnalysisRequest, analyze
from songreel_prompt.song import read_song
from songreel_prompt.story.offline import write_storyboard
from songreel_prompt.storyteller import StoryboardRequest
from songreel_prompt.styles import load_styles

from bench import data
from bench.render.click_track import analysis_of
from bench.render.noise_motion import SONGS


@dataclass(frozen=True)
class Case:
    """A song and its video."""

    analysis: SongAnalysis
    storyboard: Storyboard


@functools.cache
def cases() -> dict[str, Case]:
    """A click track, the demo song, and the songs that are there."""
    found = {"click track, 120 bpm": _case(analysis_of(30.0))}
    files = {"demo": data.ROOT / "demo" / "song.mp3"}
    files |= {name: data.folder() / "music" / name for name in SONGS}
    for name, song in files.items():
        if song.exists():
            found[name] = _case(analyze(song, AnalysisRequest(asr="none")))
    return found


def _case(analysis: SongAnalysis) -> Case:
    request = StoryboardRequest(read_song(analysis), load_styles()["cartoon"], 1)
    return Case(analysis, write_storyboard(request))
