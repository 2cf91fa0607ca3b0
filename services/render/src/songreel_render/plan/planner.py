"""Planning: everything settled before the first frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.containers import CONTAINERS
from songreel_kit.artifacts.documents import load_document, stage_key, store_document
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.credentials.certificates import SigningIdentity
from songreel_kit.errors import (
    CheckpointNotFound,
    GrantInvalid,
    InvalidAnalysis,
    InvalidStoryboard,
)
from songreel_kit.work import CancelToken, Report

from songreel_render import VERSION
from songreel_render.animatic.mode import drawn_alone
from songreel_render.checkpoints.checkpoint import NO_CHECKPOINT, CheckpointShape
from songreel_render.checkpoints.identity_adapter import IdentityAdapter, find_adapter
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.checkpoints.loras import open_loras
from songreel_render.motion.layout import lay_out
from songreel_render.plan.open_plan import OpenedPlan, PlanReference
from songreel_render.plan.plan import RenderEnvironment, build_plan
from songreel_render.plan.settings_resolution import resolve_settings
from songreel_render.settings import RenderServiceSettings
from songreel_render.video.audio_track import AudioTrack, choose_track


@dataclass(frozen=True)
class RenderJob:
    """What to render; references into the artifact store."""

    song: Artifact
    analysis: Artifact
    storyboard: Artifact
    settings: RenderSettings
    adapters: tuple[IdentityAdapter, ...] = ()
    """Adapters of the people who may be drawn, by grants that were redeemed."""


@dataclass(frozen=True)
class PreparedRender(OpenedPlan):
    """A job with its plan made and stored; nothing is drawn yet."""

    job: RenderJob
    plan_artifact: Artifact
    track: AudioTrack
    identity: SigningIdentity | None
    """Who signs the video; None where nobody does."""

    @property
    def reference(self) -> PlanReference:
        """What another process needs to draw the plan."""
        return PlanReference(self.plan_artifact, self.job.analysis, self.job.storyboard)

    @property
    def result_key(self) -> str:
        """Under which the finished video is found."""
        signer = self.identity.fingerprint if self.identity else ""
        return stage_key("render.Render", VERSION, self.key, str(self.track.start), signer)


class RenderPlanner:
    """Checks everything that can be wrong, and makes plans.

    Args:
        settings: of the service.
        store: where artifacts are read and kept.
        loader: of checkpoints.
        environment: gives what affects the frames at the backend that will draw them.
    """

    def __init__(
        self,
        settings: RenderServiceSettings,
        store: ArtifactStore,
        loader: CheckpointLoader,
        environment: Callable[[RenderSettings, CheckpointShape], RenderEnvironment],
    ) -> None:
        self._settings = settings
        self._store = store
        self._loader = loader
        self._environment = environment

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
        shape = NO_CHECKPOINT
        if not drawn_alone(job.settings):
            shape = self.find_checkpoint(job.settings.checkpoint, storyboard.style)
        token.check()
        with open_loras(job.settings, self._store) as loras:
            files = [lora.file.sha256 for lora in loras]
        hashes = _lora_hashes(job, files)
        settings = resolve_settings(job.settings, shape, shape.path, hashes)
        self._check_people(job, settings, shape)
        analysis = load_document(self._store, job.analysis, SongAnalysis, error=InvalidAnalysis)
        layout = lay_out(analysis, storyboard, settings)
        container = CONTAINERS[settings.format]
        with self._store.local_path(job.song) as song:
            track = choose_track(song, analysis.excerpt.start, analysis.duration, container)
        environment = self._environment(settings, shape)
        plan = build_plan(
            settings,
            layout,
            environment,
            checkpoint_sha256=shape.sha256,
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
            identity=self._settings.signing_identity() if container.carries_credentials else None,
            batch_frames=environment.batch_frames,
            adapters=job.adapters,
        )

    def _check_people(
        self, job: RenderJob, settings: RenderSettings, shape: CheckpointShape
    ) -> None:
        """Names the consents in the settings. Raises `GrantInvalid`, `AdapterMismatch`."""
        for lora in settings.loras:
            if not lora.adapter_sha256:
                continue
            adapter = find_adapter(job.adapters, lora.adapter_sha256)
            if adapter is None:
                raise GrantInvalid("an adapter of a person is used only with a grant: ask for one")
            adapter.check(shape.sha256)
            lora.consent_id = adapter.consent_id
            lora.enrollment_ways[:] = adapter.enrollment_ways


def _lora_hashes(job: RenderJob, files: list[str]) -> dict[int, str]:
    """SHA-256 of every LoRA by its place; `files` are those that are files, in order."""
    rest = iter(files)
    return {
        place: lora.adapter_sha256 or next(rest) for place, lora in enumerate(job.settings.loras)
    }
