"""The Serve application: replicas that draw parts of plans.

KubeRay and `serve deploy` import `songreel_render.backends.ray.replica:application`.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable
from typing import Any, Final, TypeVar

from ray import serve
from songreel.render.v1.render_plan_pb2 import RenderPlan, RenderSettings
from songreel_kit.artifacts.open import open_store
from songreel_kit.work import CancelToken

from songreel_render.backends.ray.lease_ref import LeaseRef, draw_leased, in_thread
from songreel_render.backends.ray.sealed_adapter import NeedsKey, Opener
from songreel_render.backends.segment_worker import DrawnSegment, SegmentWorker
from songreel_render.checkpoints.identity_adapter import IdentityAdapter
from songreel_render.plan.open_plan import PlanReference
from songreel_render.plan.plan import RenderEnvironment
from songreel_render.settings import RenderServiceSettings

T = TypeVar("T")

APPLICATION: Final = "render"
DEPLOYMENT: Final = "Renderer"

# Seconds until more replicas are asked for: a segment takes longer than this.
_UPSCALE_SECONDS: Final = 2.0
# ... and over which the load is averaged for that.
_LOAD_SECONDS: Final = 5.0
# A replica that is stopped has no segment any more, or may lose it.
_GRACE_SECONDS: Final = 5.0


class Replica:
    """Draws one part at a time in a process of its own.

    Args:
        settings: of the service; None takes them from this process's environment.
    """

    def __init__(self, settings: RenderServiceSettings | None = None) -> None:
        settings = settings or RenderServiceSettings()
        name = f"process {os.getpid()} on {platform.node()}"
        self._worker = SegmentWorker(settings, open_store(settings.store), name)
        self._opener = Opener()
        self._wanted: dict[str, PlanReference] = {}

        async def load(model: str) -> str:
            await in_thread(lambda _: self._worker.load(self._wanted[model]))
            return model

        # Serve knows which models a replica has in memory and sends it their work first. The
        # worker's loader keeps as many.
        self._hold: Any = serve.multiplexed(
            load, max_num_models_per_replica=settings.loaded_checkpoints
        )

    async def environment(
        self, settings: RenderSettings, checkpoint_sha256: str
    ) -> RenderEnvironment:
        """See `SegmentWorker.environment`."""
        return await in_thread(lambda _: self._worker.environment(settings, checkpoint_sha256))

    async def stills(
        self, reference: PlanReference, lease: LeaseRef | None = None
    ) -> NeedsKey | None:
        """See `SegmentWorker.stills`."""
        return await self._draw(
            reference,
            lease,
            lambda adapters, token: self._worker.stills(reference, token, adapters),
        )

    async def segment(
        self, reference: PlanReference, index: int, lease: LeaseRef | None = None
    ) -> DrawnSegment | NeedsKey:
        """See `SegmentWorker.segment`."""
        return await self._draw(
            reference,
            lease,
            lambda adapters, token: self._worker.segment(reference, index, token, adapters),
        )

    async def _draw(
        self,
        reference: PlanReference,
        lease: LeaseRef | None,
        work: Callable[[tuple[IdentityAdapter, ...], CancelToken], T],
    ) -> T | NeedsKey:
        needs_key = self._opener.needs_key(lease.sealed) if lease else None
        if needs_key is not None:
            return needs_key
        await self._load(reference)
        if lease is None:
            return await in_thread(lambda token: work((), token))
        return await draw_leased(lease, self._opener, work)

    async def _load(self, reference: PlanReference) -> None:
        model = serve.get_multiplexed_model_id()
        if model:
            self._wanted[model] = reference
            try:
                await self._hold(model)
            finally:
                self._wanted.pop(model, None)


def model_id(plan: RenderPlan) -> str:
    """Names a checkpoint with its LoRA merged in; plans of one id use the same networks.

    People are not merged in: whoever is shown, the networks are the same.
    """
    names = [plan.checkpoint_sha256]
    names += [
        f"{lora.sha256}*{lora.weight:g}" for lora in plan.settings.loras if not lora.adapter_sha256
    ]
    return hashlib.sha256("+".join(names).encode()).hexdigest()[:32]


def build(settings: RenderServiceSettings, *, own: bool) -> serve.Application:
    """The application.

    Args:
        settings: of the service.
        own: whether replicas take these settings; else each reads its own environment's.
    """
    deployment: Any = serve.deployment(
        Replica,
        name=DEPLOYMENT,
        max_ongoing_requests=1,
        max_queued_requests=settings.ray_max_queued,
        autoscaling_config={
            "min_replicas": settings.ray_min_replicas,
            "max_replicas": max(settings.ray_min_replicas, settings.ray_max_replicas),
            "target_ongoing_requests": 1,
            "upscale_delay_s": _UPSCALE_SECONDS,
            "metrics_interval_s": _UPSCALE_SECONDS,
            "look_back_period_s": _LOAD_SECONDS,
        },
        ray_actor_options={"num_cpus": 1, "num_gpus": settings.ray_gpus},
        graceful_shutdown_timeout_s=_GRACE_SECONDS,
        graceful_shutdown_wait_loop_s=0.2,
    )
    return deployment.bind(settings if own else None)


def application(arguments: dict[str, str]) -> serve.Application:
    """The application for a cluster: each replica reads its settings from its environment.

    Args:
        arguments: of the Serve configuration; none are known.
    """
    if arguments:
        raise ValueError(f"the application takes no arguments, not {', '.join(sorted(arguments))}")
    return build(RenderServiceSettings(), own=False)
