"""A renderer of a test's own, with its store in a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.render.v1.render_service_pb2 import RenderRequest, RenderResult
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.documents import store_document
from songreel_kit.work import CancelToken
from songreel_render.plan.planner import RenderJob
from songreel_render.renderer import Renderer
from songreel_render.settings import RenderServiceSettings

from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.decoded_video import DecodedVideo
from songreel_testing.render.storyboards import equal_scenes, storyboard_of
from songreel_testing.serving import temporary_store

FPS = 12


@dataclass
class RenderHarness:
    """A renderer with a store in a folder."""

    folder: Path
    checkpoint: Path
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "scratch").mkdir(parents=True, exist_ok=True)
        self.store = temporary_store(self.folder)
        self.settings = RenderServiceSettings(
            **{
                "checkpoint": self.checkpoint, "store": str(self.folder / "artifacts"),
                "scratch": self.folder / "scratch", "device": "cpu", "dtype": "float32",
                "batch_frames": 3, "segment_frames": 6, "threads": 1,
                "signing_folder": self.folder / "credentials",
                # A third of a short render's time; few tests look at it.
                "timeline": False,
            } | self.options
        )  # fmt: skip
        self.renderer = Renderer(self.settings, self.store)

    def request(
        self,
        song: Path,
        analysis: SongAnalysis,
        storyboard: Storyboard,
        **settings: Any,
    ) -> RenderRequest:
        return RenderRequest(
            song=self.store.put_file(song, "audio/mpeg"),
            analysis=store_document(self.store, analysis),
            storyboard=store_document(self.store, storyboard),
            # What the checkpoint alone draws, unless a test asks for more.
            settings=RenderSettings(**{"fps": str(FPS), "animatic": "off"} | settings),
        )

    def simple_request(self, song: Path, duration: float = 2.0, **settings: Any) -> RenderRequest:
        board = storyboard_of(*equal_scenes(duration))
        return self.request(song, analysis_of(duration), board, **settings)

    def render(
        self, request: RenderRequest, report: Any = None, token: CancelToken | None = None
    ) -> RenderResult:
        job = RenderJob(request.song, request.analysis, request.storyboard, request.settings)
        report, token = report or ignore, token or CancelToken()
        prepared = self.renderer.prepare(job, report, token)
        return self.renderer.finished(prepared) or self.renderer.render(prepared, report, token)

    def decode(self, artifact: Artifact) -> DecodedVideo:
        with self.store.local_path(artifact) as path:
            return DecodedVideo.read(path)


def ignore(progress: Progress) -> None:
    pass
