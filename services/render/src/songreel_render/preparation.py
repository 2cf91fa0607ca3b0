"""Everything that is settled before the first frame: checkpoint, settings, layout, plan."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.render.v1.render_plan_pb2 import Lora, RenderPlan, RenderSettings
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts import ArtifactStore
from songreel_kit.documents import load_document, stage_key, store_document
from songreel_kit.errors import (
    CheckpointNotFound,
    InvalidAnalysis,
    InvalidStoryboard,
    LoraUnusable,
)
from songreel_kit.work import CancelToken, Report

from songreel_render import VERSION
from songreel_render.audio_track import AudioTrack, choose_track
from songreel_render.certificates import (
    SigningIdentity,
    development_identity,
    operator_identity,
)
from songreel_render.checkpoint import CheckpointShape
from songreel_render.checkpoint_loader import CheckpointLoader
from songreel_render.containers import CONTAINERS
from songreel_render.loras import LoadedLora, LoraFile, find_lora
from songreel_render.options import resolve_settings
from songreel_render.placement import batch_for, total_memory
from songreel_render.plan import Layout, Machine, build_plan, lay_out, plan_key
from songreel_render.settings import RenderSettings as ServiceSettings


@dataclass(frozen=True)
class RenderJob:
    """What to render; references into the artifact store."""

    song: Artifact
    analysis: Artifact
    storyboard: Artifact
    settings: RenderSettings


@dataclass(frozen=True)
class PreparedRender:
    """A job with its plan made and stored; nothing is drawn yet."""

    job: RenderJob
    analysis: SongAnalysis
    storyboard: Storyboard
    shape: CheckpointShape
    layout: Layout
    plan: RenderPlan
    plan_artifact: Artifact
    track: AudioTrack
    identity: SigningIdentity | None
    """Who signs the video; None where nobody does."""
    batch_frames: int

    @property
    def key(self) -> str:
        """Under which everything drawn from the plan is found."""
        return plan_key(self.plan)

    @property
    def result_key(self) -> str:
        """Under which the finished video is found."""
        signer = self.identity.fingerprint if self.identity else ""
        return stage_key("render.Render", VERSION, self.key, str(self.track.start), signer)


class Preparation:
    """Checks everything that can be wrong and makes plans.

    Args:
        settings: of the service.
        store: where artifacts are read and kept.
        loader: of checkpoints.
    """

    def __init__(
        self, settings: ServiceSettings, store: ArtifactStore, loader: CheckpointLoader
    ) -> None:
        self._settings = settings
        self._store = store
        self._loader = loader

    def find_checkpoint(self, name: str, style: str = "") -> CheckpointShape:
        """Inspect the checkpoint at a path; for "" the style's, or the default one.

        Raises:
            CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported.
        """
        chosen = Path(name) if name else self._settings.styles.get(style, self._settings.checkpoint)
        if chosen is None:
            raise CheckpointNotFound(
                "no checkpoint is named and there is no default one: set "
                "SONGREEL_RENDER_CHECKPOINT to a Stable Diffusion folder or file"
            )
        return self._loader.inspect(chosen)

    def prepare(self, job: RenderJob, report: Report, token: CancelToken) -> PreparedRender:
        """Check everything that can be wrong and make the plan; draws nothing."""
        report(Progress(step="plan"))
        storyboard = load_document(self._store, job.storyboard, Storyboard, error=InvalidStoryboard)
        shape = self.find_checkpoint(job.settings.checkpoint, storyboard.style)
        token.check()
        with self.loras(job.settings) as loras:
            hashes = {place: lora.file.sha256 for place, lora in enumerate(loras)}
        settings = resolve_settings(job.settings, shape, str(shape.files.path), hashes)
        analysis = load_document(self._store, job.analysis, SongAnalysis, error=InvalidAnalysis)
        layout = lay_out(analysis, storyboard, settings)
        container = CONTAINERS[settings.format]
        with self._store.local_path(job.song) as song:
            track = choose_track(song, analysis.excerpt.start, analysis.duration, container)
        machine = self._machine(settings, shape)
        plan = build_plan(
            settings,
            layout,
            machine,
            checkpoint_sha256=shape.files.sha256,
            song_sha256=job.song.sha256,
            analysis_sha256=job.analysis.sha256,
            storyboard_sha256=job.storyboard.sha256,
        )
        return PreparedRender(
            job=job,
            analysis=analysis,
            storyboard=storyboard,
            shape=shape,
            layout=layout,
            plan=plan,
            plan_artifact=store_document(self._store, plan),
            track=track,
            identity=self._identity() if container.carries_credentials else None,
            batch_frames=machine.batch_frames,
        )

    @contextmanager
    def loras(self, settings: RenderSettings) -> Generator[list[LoadedLora]]:
        """The LoRA of a job as files, as long as the block lasts.

        Raises:
            LoraUnusable: one is missing or names nothing.
        """
        with ExitStack() as files:
            found: list[LoadedLora] = []
            for lora in settings.loras:
                weight = lora.weight if lora.HasField("weight") else 1.0
                found.append(LoadedLora(self._find_lora(lora, files), weight))
            yield found

    def _find_lora(self, lora: Lora, files: ExitStack) -> LoraFile:
        if lora.path:
            return find_lora(Path(lora.path))
        if not lora.artifact.sha256:
            raise LoraUnusable("a LoRA of the request names neither a path nor an artifact")
        stored = files.enter_context(self._store.local_path(lora.artifact))
        return LoraFile(stored, lora.artifact.sha256)

    def _identity(self) -> SigningIdentity | None:
        settings = self._settings
        if not settings.credentials:
            return None
        if settings.signing_certificate is not None:
            return operator_identity(settings.signing_certificate, settings.signing_key)
        return development_identity(settings.signing_folder)

    def _machine(self, settings: RenderSettings, shape: CheckpointShape) -> Machine:
        service, device, dtype = self._settings, self._loader.device, self._loader.dtype
        needed = shape.frame_bytes(settings.size, dtype.itemsize)
        batch = service.batch_frames or batch_for(total_memory(device), device.type, needed)
        return Machine(
            device=device.type,
            dtype=str(dtype).removeprefix("torch."),
            batch_frames=batch,
            segment_frames=service.segment_frames,
            crf=service.crf,
            encode_threads=service.encode_threads,
            compiled=self._loader.compiles,
            preview_autoencoder=settings.preview and self._loader.has_tiny(shape.files),
        )
