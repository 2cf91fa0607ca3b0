"""The way from an analysis and a storyboard to a video; knows no gRPC."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import torch
from songreel.render.v1.render_service_pb2 import RenderResult
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts import ArtifactStore
from songreel_kit.documents import load_document, store_document
from songreel_kit.errors import ArtifactCorrupt, ArtifactNotFound, from_os_error
from songreel_kit.work import CancelToken, Report

from songreel_render.audio_track import NO_SOUND
from songreel_render.checkpoint import Checkpoint, CheckpointShape
from songreel_render.checkpoint_loader import CheckpointLoader
from songreel_render.contact_sheet import draw_contact_sheet, middle_frames, sheet_scenes
from songreel_render.containers import CONTAINERS
from songreel_render.credentials import sign, statement
from songreel_render.drawing import FrameArtist, FrameSource
from songreel_render.placement import out_of_memory
from songreel_render.plan import stills_key
from songreel_render.preparation import Preparation, PreparedRender, RenderJob
from songreel_render.segments import DRAWN, JOINED, STILLS_DRAWN, SegmentDrawing, complete
from songreel_render.settings import RenderSettings as ServiceSettings
from songreel_render.stills import (
    SceneStills,
    StillsArtist,
    collect_stills,
    scenes_with_stills,
)
from songreel_render.text import EmbeddingMemory
from songreel_render.timeline_picture import draw_timeline
from songreel_render.video_file import write_animation, write_video


class Renderer:
    """Plans and draws videos.

    Args:
        settings: of the service.
        store: where artifacts are read and kept.
    """

    def __init__(self, settings: ServiceSettings, store: ArtifactStore) -> None:
        self._settings = settings
        self._store = store
        self.loader = CheckpointLoader(
            device=settings.device,
            dtype=settings.dtype,
            clip_tokenizer=settings.clip_tokenizer,
            single_file_config=settings.single_file_config,
            keep=settings.loaded_checkpoints,
            compile_mode=settings.compile,
            tiny_autoencoder=settings.tiny_autoencoder,
        )
        self._preparation = Preparation(settings, store, self.loader)
        self._memory = EmbeddingMemory()

    def find_checkpoint(self, name: str, style: str = "") -> CheckpointShape:
        """See `Preparation.find_checkpoint`."""
        return self._preparation.find_checkpoint(name, style)

    def prepare(self, job: RenderJob, report: Report, token: CancelToken) -> PreparedRender:
        """See `Preparation.prepare`."""
        return self._preparation.prepare(job, report, token)

    def finished(self, prepared: PreparedRender) -> RenderResult | None:
        """The result of the same plan, if it was rendered before and is still there."""
        found = self._store.lookup(prepared.result_key)
        if found is None:
            return None
        result = load_document(self._store, found, RenderResult)
        parts = (result.video, result.plan, result.timeline, result.contact_sheet)
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
        stills = self._stills(prepared, report, token)
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
            CheckpointIncomplete: the weights cannot be loaded.
            LoraUnusable: a LoRA does not fit the checkpoint.
            FailedPrecondition: the device's memory is too small.
            DiskFull: no room; finished segments stay.
            Cancelled: the token was cancelled; finished segments stay.
        """
        plan = prepared.plan
        stated = (prepared.track.fallback, prepared.layout.fallback)
        fallbacks = [text for text in stated if text]
        drawing = SegmentDrawing(self._settings, self._store, plan)
        source: FrameSource | None = None

        def open_source() -> FrameSource:
            nonlocal source
            source = self._source(prepared, stills)
            return source

        try:
            stills = None if drawing.complete else self._stills(prepared, report, token)
            drawing.draw(open_source, report, token)
        except torch.OutOfMemoryError as error:
            raise out_of_memory(error, prepared.batch_frames) from error
        report(complete("join", DRAWN, plan))
        try:
            with tempfile.TemporaryDirectory(
                prefix="songreel-render-", dir=self._settings.scratch
            ) as scratch:
                result = self._finish(prepared, Path(scratch), drawing, report, token)
        except OSError as error:
            raise from_os_error(error) or error from error
        result.frames_reused = drawing.frames_reused
        if source is not None:
            fallbacks += source.fallbacks
            result.frames_denoised = source.denoised
        result.fallbacks.extend(dict.fromkeys([*fallbacks, *result.fallbacks]))
        self._store.bind(prepared.result_key, store_document(self._store, result))
        return result

    def _stills(
        self, prepared: PreparedRender, report: Report, token: CancelToken
    ) -> SceneStills | None:
        scenes = scenes_with_stills(prepared.layout, prepared.plan.settings)
        if not scenes:
            return None
        key = stills_key(prepared.key)
        found = self._store.lookup(key)
        if found is not None:
            try:
                return SceneStills.from_bytes(self._store.read_bytes(found))
            except (ArtifactNotFound, ArtifactCorrupt):
                pass  # drawn again
        total = len(scenes)

        def drawn(count: int) -> None:
            token.check()
            report(Progress(step="stills", fraction=STILLS_DRAWN * count / total))

        report(Progress(step="load"))
        stills = collect_stills(scenes, self._artist(prepared).stills(scenes), drawn)
        self._store.bind(key, self._store.put_bytes(stills.to_bytes(), "application/octet-stream"))
        return stills

    def _source(self, prepared: PreparedRender, stills: SceneStills | None) -> FrameSource:
        plan, scenes, layout = prepared.plan, prepared.storyboard.scenes, prepared.layout
        settings = plan.settings
        if settings.preview:
            assert stills is not None, "every storyboard has a scene with a frame"
            return StillsArtist(stills, scenes, layout, settings, prepared.batch_frames)
        artist = self._artist(prepared)
        if stills is not None and settings.colour_match:
            artist.colours = stills.colours(len(scenes), settings.colour_match)
        return artist

    def _artist(self, prepared: PreparedRender) -> FrameArtist:
        torch.set_num_threads(self._settings.threads)
        settings = prepared.plan.settings
        files = prepared.shape.files
        return FrameArtist(
            self._checkpoint(prepared),
            prepared.storyboard.scenes,
            prepared.layout,
            settings,
            batch=prepared.batch_frames,
            autoencoder=self.loader.preview_autoencoder(files) if settings.preview else None,
            memory=self._memory,
        )

    def _checkpoint(self, prepared: PreparedRender) -> Checkpoint:
        with self._preparation.loras(prepared.plan.settings) as loras:
            return self.loader.load(prepared.shape.files, loras)

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
        timeline = draw_timeline(prepared.analysis, prepared.storyboard, layout)
        shown = sheet_scenes(layout)
        pictures = middle_frames(joined, shown, layout)
        sheet = draw_contact_sheet(pictures, shown, prepared.storyboard, layout)
        token.check()
        result = RenderResult(
            plan=prepared.plan_artifact,
            timeline=self._store.put_bytes(timeline, "image/png"),
            contact_sheet=self._store.put_bytes(sheet, "image/png"),
            frames=plan.frames,
            audio_mode=prepared.track.mode,
            credentials=prepared.identity.kind if prepared.identity else "none",
        )
        container = CONTAINERS[plan.settings.format]
        video = joined
        if container.name == "webp":
            video = scratch / "animation.webp"
            write_animation(video, joined, layout.grid.rate)
        if prepared.identity is not None:
            signed = scratch / f"signed.{container.name}"
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
        if prepared.track.mode == NO_SOUND:
            container = CONTAINERS["mp4"]
        path = scratch / f"video.{container.name}"
        rate = Fraction(prepared.plan.settings.fps)
        title = prepared.storyboard.title or prepared.analysis.title
        with self._store.local_path(prepared.job.song) as song:
            track = replace(prepared.track, path=song)
            write_video(path, segments, rate, track, title, container)
        return path
