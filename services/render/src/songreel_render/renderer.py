"""Renders a video from an analysis and a storyboard; knows no gRPC."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.render.v1.render_service_pb2 import RenderResult
from songreel.type.v1.artifact_pb2 import Artifact
from songreel_kit.artifacts.containers import CONTAINERS
from songreel_kit.artifacts.documents import load_document, store_document
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.credentials.content_credentials import sign
from songreel_kit.errors import InvalidStoryboard, from_os_error
from songreel_kit.work import CancelToken, Report

from songreel_render.backends.backend import DrawingBackend, Drawn
from songreel_render.backends.open_backend import open_backend
from songreel_render.backends.segments import DRAWN, JOINED, SegmentDrawing, complete
from songreel_render.checkpoints.checkpoint import CheckpointShape
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.erasure import erase_render
from songreel_render.pictures.contact_sheet import draw_contact_sheet, middle_frames, sheet_scenes
from songreel_render.pictures.timeline_plot import draw_timeline
from songreel_render.plan.planner import PreparedRender, RenderJob, RenderPlanner
from songreel_render.settings import RenderServiceSettings
from songreel_render.video.credentials import statement
from songreel_render.video.muxer import write_animation, write_video


class Renderer:
    """Plans and draws videos.

    Args:
        settings: of the service.
        store: where artifacts are read and kept.
        backend: draws frames; by default the one that the settings name.
    """

    def __init__(
        self,
        settings: RenderServiceSettings,
        store: ArtifactStore,
        backend: DrawingBackend | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self.loader = CheckpointLoader.from_settings(settings)
        self.backend = backend or open_backend(settings, store, self.loader)
        self._planner = RenderPlanner(settings, store, self.loader, self.backend.environment)

    def find_checkpoint(self, name: str, style: str = "") -> CheckpointShape:
        """See `RenderPlanner.find_checkpoint`."""
        return self._planner.find_checkpoint(name, style)

    def asked_checkpoint(self, name: str, storyboard: Artifact) -> CheckpointShape:
        """The checkpoint that a storyboard, if one is named, would be drawn with."""
        style = ""
        if storyboard.sha256:
            style = load_document(
                self._store, storyboard, Storyboard, error=InvalidStoryboard
            ).style
        return self.find_checkpoint(name, style)

    def prepare(self, job: RenderJob, report: Report, token: CancelToken) -> PreparedRender:
        """See `RenderPlanner.prepare`."""
        return self._planner.prepare(job, report, token)

    def finished(self, prepared: PreparedRender) -> RenderResult | None:
        """The result of the same plan, if it was rendered before and is still there."""
        found = self._store.lookup(prepared.result_key)
        if found is None:
            return None
        result = load_document(self._store, found, RenderResult)
        parts = [result.video, result.plan, result.contact_sheet]
        if self._settings.timeline:
            parts.append(result.timeline)
        if not all(self._store.exists(part) for part in parts):
            return None
        result.reused = True
        result.frames_reused = result.frames
        return result

    def first_sheet(
        self, prepared: PreparedRender, report: Report, token: CancelToken
    ) -> Artifact | None:
        """A still of each scene with its prompt, before the long work.

        The stills are kept for `render`, which needs them for the colours.

        Returns:
            The contact sheet, a PNG; None where the settings ask for no stills.
        """
        stills = self.backend.stills(prepared, report, token)
        if stills is None:
            return None
        shown = sheet_scenes(prepared.layout)
        sheet = draw_contact_sheet(
            stills.images(shown), shown, prepared.storyboard, prepared.layout
        )
        return self._store.put_bytes(sheet, "image/png")

    def render(self, prepared: PreparedRender, report: Report, token: CancelToken) -> RenderResult:
        """Draw what is not yet drawn, join it with the song, make the pictures, sign.

        Raises:
            SongreelError: as `DrawingBackend.draw`; finished segments stay.
        """
        plan = prepared.plan
        stated = (prepared.track.fallback, *prepared.layout.fallbacks)
        fallbacks = [text for text in stated if text]
        drawing = SegmentDrawing(self._settings, self._store, plan)
        drawn = Drawn(denoised=0)
        if not drawing.complete:
            drawn = self.backend.draw(prepared, drawing, report, token)
        report(complete("join", DRAWN, plan))
        try:
            with tempfile.TemporaryDirectory(
                prefix="songreel-render-", dir=self._settings.scratch
            ) as scratch:
                result = self._finish(prepared, Path(scratch), drawing, report, token)
        except OSError as error:
            raise from_os_error(error) or error from error
        result.frames_reused = drawing.frames_reused
        result.frames_denoised = drawn.denoised
        result.fallbacks.extend(dict.fromkeys([*fallbacks, *drawn.fallbacks, *result.fallbacks]))
        self._store.bind(prepared.result_key, store_document(self._store, result))
        return result

    def erase(self, plan: Artifact) -> int:
        """See `erase_render`."""
        return erase_render(self._store, plan)

    def close(self) -> None:
        """End everything that drawing has started."""
        self.backend.close()

    def _finish(
        self,
        prepared: PreparedRender,
        scratch: Path,
        drawing: SegmentDrawing,
        report: Report,
        token: CancelToken,
    ) -> RenderResult:
        plan, layout = prepared.plan, prepared.layout
        joined = self._join(prepared, scratch, drawing.segments(token))
        token.check()
        report(complete("pictures", JOINED, plan))
        shown = sheet_scenes(layout)
        pictures = middle_frames(joined, shown, layout)
        sheet = draw_contact_sheet(pictures, shown, prepared.storyboard, layout)
        token.check()
        result = RenderResult(
            plan=prepared.plan_artifact,
            contact_sheet=self._store.put_bytes(sheet, "image/png"),
            frames=plan.frames,
            audio_mode=prepared.track.mode,
            credentials=prepared.identity.kind if prepared.identity else "none",
        )
        if self._settings.timeline:
            timeline = draw_timeline(prepared.analysis, prepared.storyboard, layout)
            result.timeline.CopyFrom(self._store.put_bytes(timeline, "image/png"))
        container = CONTAINERS[plan.settings.format]
        video = joined
        if container.animation:
            video = scratch / f"animation{container.extension}"
            write_animation(video, joined, layout.grid.rate)
        if prepared.identity is not None:
            signed = scratch / f"signed{container.extension}"
            sign(video, signed, statement(plan, prepared.storyboard.title), prepared.identity)
            video = signed
        elif self._settings.credentials:
            result.fallbacks.append(
                f"the video carries no content credentials: C2PA does not define them for "
                f"{container.name} files"
            )
        result.video.CopyFrom(self._store.put_file(video, container.media_type))
        return result

    def _join(
        self, prepared: PreparedRender, scratch: Path, segments: Iterator[tuple[int, bytes]]
    ) -> Path:
        """The segments and the song as one file; without sound for an animated picture."""
        container = CONTAINERS[prepared.plan.settings.format]
        if container.animation:
            container = CONTAINERS["mp4"]
        path = scratch / f"video{container.extension}"
        rate = Fraction(prepared.plan.settings.fps)
        title = prepared.storyboard.title or prepared.analysis.title
        with self._store.local_path(prepared.job.song) as song:
            track = replace(prepared.track, path=song)
            write_video(path, segments, rate, track, title, container)
        return path
