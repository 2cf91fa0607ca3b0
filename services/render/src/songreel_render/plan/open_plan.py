"""A plan with everything that its frames are drawn from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.render.v1.render_plan_pb2 import RenderPlan, RenderSettings
from songreel.type.v1.artifact_pb2 import Artifact
from songreel_kit.artifacts.documents import load_document
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.bounds.render import OFF, ONLY
from songreel_kit.errors import Aborted, FailedPrecondition

from songreel_render.checkpoints.checkpoint import NO_CHECKPOINT, CheckpointShape
from songreel_render.checkpoints.devices import batch_for, total_memory
from songreel_render.checkpoints.identity_adapter import IdentityAdapter
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.motion.layout import Layout, lay_out
from songreel_render.plan.plan import RenderEnvironment, plan_key
from songreel_render.settings import RenderServiceSettings


@dataclass(frozen=True)
class PlanReference:
    """Where a plan and its documents are in the store; small enough to be sent anywhere."""

    plan: Artifact
    analysis: Artifact
    storyboard: Artifact


@dataclass(frozen=True)
class OpenedPlan:
    """A plan, its documents and its checkpoint's files."""

    plan: RenderPlan
    analysis: SongAnalysis
    storyboard: Storyboard
    shape: CheckpointShape
    layout: Layout
    batch_frames: int
    adapters: tuple[IdentityAdapter, ...] = field(default=(), kw_only=True)
    """Adapters of the people who may be drawn; none, where no grant was redeemed."""

    @property
    def key(self) -> str:
        """Under which everything drawn from the plan is found."""
        return plan_key(self.plan)


def open_plan(
    reference: PlanReference,
    service: RenderServiceSettings,
    store: ArtifactStore,
    loader: CheckpointLoader,
) -> OpenedPlan:
    """Open a plan that another process made, to draw parts of it with equal frames.

    Raises:
        ArtifactNotFound: the store does not hold a document; the other process uses another.
        CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported: no such checkpoint here.
        FailedPrecondition: another checkpoint is at the plan's path.
        Aborted: this process would draw other frames than the plan was made for.
    """
    plan = load_document(store, reference.plan, RenderPlan)
    storyboard = load_document(store, reference.storyboard, Storyboard)
    analysis = load_document(store, reference.analysis, SongAnalysis)
    shape = find_shape(plan.settings, loader)
    check_checkpoint(shape, plan.checkpoint_sha256)
    environment = render_environment(service, loader, plan.settings, shape)
    if environment.describe() != plan.renderer:
        raise Aborted(
            f"the plan was made for a renderer of {plan.renderer!r}, and this one is of "
            f"{environment.describe()!r}: their settings or versions differ; plan again"
        )
    layout = lay_out(analysis, storyboard, plan.settings)
    return OpenedPlan(plan, analysis, storyboard, shape, layout, environment.batch_frames)


def find_shape(settings: RenderSettings, loader: CheckpointLoader) -> CheckpointShape:
    """The checkpoint that resolved settings name, or none where the animatic stands alone."""
    if settings.animatic == ONLY:
        return NO_CHECKPOINT
    return loader.inspect(Path(settings.checkpoint))


def check_checkpoint(shape: CheckpointShape, sha256: str) -> None:
    """Raise `FailedPrecondition` unless the checkpoint's files have that hash."""
    if shape.sha256 != sha256:
        raise FailedPrecondition(
            f"the checkpoint at {shape.path} differs on a machine that draws; "
            "give all of them the same files",
            expected=sha256,
            found=shape.sha256,
        )


def render_environment(
    service: RenderServiceSettings,
    loader: CheckpointLoader,
    settings: RenderSettings,
    shape: CheckpointShape,
) -> RenderEnvironment:
    """What of this process affects the frames of a render with `settings`."""
    device, dtype = loader.device, loader.dtype
    needed = shape.frame_bytes(settings.size, dtype.itemsize)
    batch = service.batch_frames or batch_for(total_memory(device), device.type, needed)
    return RenderEnvironment(
        device=device.type,
        dtype=str(dtype).removeprefix("torch."),
        batch_frames=batch,
        segment_frames=service.segment_frames,
        crf=service.crf,
        encode_threads=service.encode_threads,
        compiled=loader.compiles,
        preview_autoencoder=(
            settings.preview
            and settings.animatic == OFF
            and shape.files is not None
            and loader.has_tiny(shape.files)
        ),
    )
