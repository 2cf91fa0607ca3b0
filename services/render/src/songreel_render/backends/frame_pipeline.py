"""The pipeline from a plan to its stills and frames, with networks in this process."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.bounds.render import ONLY
from songreel_kit.errors import ArtifactCorrupt, ArtifactNotFound, FailedPrecondition, GrantInvalid
from songreel_kit.telemetry.metrics import loading
from songreel_kit.work import CancelToken, Report

from songreel_render.animatic.drawn_frames import DrawnFrames
from songreel_render.animatic.mode import is_drawn, keeps_drawing
from songreel_render.backends.segments import STILLS_DRAWN
from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.checkpoints.devices import out_of_memory
from songreel_render.checkpoints.identity_adapter import find_adapter
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.checkpoints.loras import open_loras
from songreel_render.diffusion.denoiser import Denoiser
from songreel_render.diffusion.frame_generator import FrameGenerator, FrameSource
from songreel_render.diffusion.prompt_embeddings import EmbeddingCache
from songreel_render.diffusion.stills import (
    PreviewGenerator,
    SceneStills,
    collect_stills,
    scenes_with_stills,
    video_size,
)
from songreel_render.plan.open_plan import OpenedPlan
from songreel_render.plan.plan import stills_key
from songreel_render.settings import RenderServiceSettings
from songreel_render.video.watermark import Watermark

if TYPE_CHECKING:
    from songreel_render.animatic.frames import AnimaticFrames


class FramePipeline:
    """Opens sources of frames.

    Args:
        settings: of the service.
        store: where stills are kept and LoRA come from.
        loader: of checkpoints.
    """

    def __init__(
        self, settings: RenderServiceSettings, store: ArtifactStore, loader: CheckpointLoader
    ) -> None:
        self._settings = settings
        self._store = store
        self._loader = loader
        self._memory = EmbeddingCache()

    def stills(self, opened: OpenedPlan, report: Report, token: CancelToken) -> SceneStills | None:
        """A still of each scene, drawn and kept, or found in the store.

        Returns:
            None where the settings ask for none.
        """
        scenes = scenes_with_stills(opened.layout, opened.plan.settings)
        if not scenes:
            return None
        found = find_stills(self._store, opened)
        if found is not None:
            return found
        total = len(scenes)

        def drawn(count: int) -> None:
            token.check()
            report(Progress(step="stills", fraction=STILLS_DRAWN * count / total))

        report(Progress(step="load"))
        with typed_memory_errors(opened.batch_frames):
            drawings = (
                self._animatic(opened).stills(scenes)
                if is_drawn(opened.plan.settings.animatic)
                else self._generator(opened).stills(scenes)
            )
            stills = collect_stills(scenes, drawings, drawn)
        artifact = self._store.put_bytes(stills.to_bytes(), "application/octet-stream")
        self._store.bind(stills_key(opened.key), artifact)
        return stills

    def source(self, opened: OpenedPlan, stills: SceneStills | None) -> FrameSource:
        """Where the plan's frames come from; loads the networks.

        Args:
            opened: the plan.
            stills: of `stills`.
        """
        plan, scenes, layout = opened.plan, opened.storyboard.scenes, opened.layout
        settings = plan.settings
        if is_drawn(settings.animatic):
            return self._drawn(opened, stills)
        if settings.preview:
            assert stills is not None, "every storyboard has a scene with a frame"
            return PreviewGenerator(stills, scenes, layout, settings, opened.batch_frames)
        generator = self._generator(opened)
        if stills is not None and settings.colour_match:
            generator.colours = stills.colours(len(scenes), settings.colour_match)
        return generator

    def _drawn(self, opened: OpenedPlan, stills: SceneStills | None) -> FrameSource:
        """Frames in which the animatic has a part; it is the whole preview."""
        settings = opened.plan.settings
        size = video_size(settings)
        animatic = self._animatic(opened)
        # These load the animatic's drawing library.
        from songreel_render.animatic.music import music_of
        from songreel_render.diffusion.redrawn_frames import RedrawnFrames
        from songreel_render.finish.chain import Finish

        finish = Finish(
            opened.storyboard,
            music_of(opened.analysis),
            opened.analysis.artist,
            float(opened.layout.grid.rate),
            size,
            size,
            Watermark(settings.mark, size) if settings.mark else None,
        )
        if settings.preview or settings.animatic == ONLY:
            return DrawnFrames(animatic, finish, opened.batch_frames)

        drawn = size
        if keeps_drawing(settings.animatic):
            drawn = min(size, opened.shape.native_size)
        frames = RedrawnFrames(
            animatic,
            self._denoiser(opened, drawn),
            opened.layout,
            settings,
            opened.batch_frames,
            finish,
            drawn,
        )
        if stills is not None and settings.colour_match:
            frames.colours = stills.colours(len(opened.storyboard.scenes), settings.colour_match)
        return frames

    def _animatic(self, opened: OpenedPlan) -> AnimaticFrames:
        try:
            from songreel_render.animatic.frames import AnimaticFrames
        except ImportError as error:
            raise FailedPrecondition(
                f"the animatic cannot be drawn here ({error}): install the system's libEGL and "
                "libGL (Debian: libegl1 libgl1), or render with animatic off"
            ) from error
        size = video_size(opened.plan.settings)
        return AnimaticFrames(opened.analysis, opened.storyboard, opened.layout, size, size)

    def load(self, opened: OpenedPlan) -> Checkpoint:
        """The plan's checkpoint with its LoRA merged in, in memory; without an identity adapter.

        Raises:
            FailedPrecondition: the plan is drawn without a checkpoint.
        """
        if opened.shape.files is None:
            raise FailedPrecondition("the plan is drawn without a checkpoint")
        with open_loras(opened.plan.settings, self._store) as loras:
            return self._loader.load(opened.shape.files, loras)

    def _with_person(self, opened: OpenedPlan) -> Checkpoint:
        """`load`, with the plan's identity adapter applied.

        Raises:
            GrantInvalid: the plan shows a person for whom no grant was redeemed here.
        """
        checkpoint = self.load(opened)
        for lora in opened.plan.settings.loras:
            if lora.adapter_sha256:
                adapter = find_adapter(opened.adapters, lora.adapter_sha256)
                if adapter is None:
                    raise GrantInvalid("the plan shows a person without a grant: ask for one")
                with loading("person"):
                    checkpoint = adapter.join(checkpoint, lora.weight)
        return checkpoint

    def _generator(self, opened: OpenedPlan) -> FrameGenerator:
        return FrameGenerator(
            self._denoiser(opened),
            opened.storyboard.scenes,
            opened.layout,
            opened.plan.settings,
            opened.batch_frames,
        )

    def _denoiser(self, opened: OpenedPlan, size: int | None = None) -> Denoiser:
        torch.set_num_threads(self._settings.threads)
        settings, files = opened.plan.settings, opened.shape.files
        preview = files if settings.preview else None
        return Denoiser(
            self._with_person(opened),
            opened.storyboard.scenes,
            opened.layout,
            settings,
            batch=opened.batch_frames,
            size=size,
            autoencoder=self._loader.preview_autoencoder(preview) if preview else None,
            memory=self._memory,
        )


def find_stills(store: ArtifactStore, opened: OpenedPlan) -> SceneStills | None:
    """The plan's stills, if they were drawn before and are still whole."""
    found = store.lookup(stills_key(opened.key))
    if found is None:
        return None
    try:
        return SceneStills.from_bytes(store.read_bytes(found))
    except (ArtifactNotFound, ArtifactCorrupt):
        return None  # to be drawn again


@contextmanager
def typed_memory_errors(batch: int) -> Generator[None]:
    """Turn torch's error about memory into one that says what to do."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise out_of_memory(error, batch) from error
