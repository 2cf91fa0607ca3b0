"""The replicas of the render service, and the Ray that they run on."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import Any

import ray
from ray import serve
from songreel_kit.errors import ServiceUnavailable
from songreel_kit.ray.cluster import Cluster, Place, first_line

from songreel_render.backends.ray.replica import APPLICATION, DEPLOYMENT, build
from songreel_render.backends.ray.revocation import RevocationActor
from songreel_render.settings import RenderServiceSettings


@dataclass
class _Entered:
    handle: Any
    actor: tuple[str, Any] | None = None


class Replicas:
    """A handle to the replicas; thread-safe.

    Args:
        settings: of the service.
    """

    def __init__(self, settings: RenderServiceSettings) -> None:
        self._settings = settings
        self._most = max(settings.ray_min_replicas, settings.ray_max_replicas)
        self._lock = threading.Lock()
        self._cluster = Cluster[_Entered](
            Place(
                address=settings.ray_address,
                cpus=self._most,
                store_mib=settings.ray_store_mib,
                gpus=settings.ray_gpus * settings.ray_min_replicas,
                fewer_gpus=(
                    "set SONGREEL_RENDER_RAY_GPUS or SONGREEL_RENDER_RAY_MIN_REPLICAS to less"
                ),
                taken=(
                    "run the render service in a process of its own, or set "
                    "SONGREEL_RENDER_BACKEND=process"
                ),
            ),
            opened=lambda: _Entered(self._find() if settings.ray_address else self._deploy()),
            leaving=serve.shutdown,
        )

    def handle(self) -> Any:
        """The handle, as `serve.run` returns it; the first call starts or joins the cluster.

        Raises:
            FailedPrecondition: GPUs are asked for that are not here, or another part of this
                process uses another Ray.
            ServiceUnavailable: Ray did not start, or cannot be reached.
        """
        return self._cluster.enter().handle

    def revocation_actor(self) -> tuple[str, Any]:
        """Name and handle of the `RevocationActor`, started at the first call.

        Raises as `handle`.
        """
        entered = self._cluster.enter()
        with self._lock:
            if entered.actor is None:
                name = f"revocation-{secrets.token_hex(8)}"
                actor: Any = ray.remote(RevocationActor)
                # It waits more than it works: no CPU is set apart for it.
                entered.actor = name, actor.options(name=name, num_cpus=0).remote()
            return entered.actor

    def close(self) -> None:
        """Leave the cluster; one that was started here ends, with all its processes."""
        self._cluster.close()

    def _find(self) -> Any:
        try:
            return serve.get_deployment_handle(DEPLOYMENT, APPLICATION)
        except Exception as error:
            raise ServiceUnavailable(
                f"there is no Serve application {APPLICATION!r} at {self._settings.ray_address} "
                f"({first_line(error)}); start it there"
            ) from error

    def _deploy(self) -> Any:
        threads = max(1, self._settings.threads // self._most)
        own = self._settings.model_copy(update={"threads": threads})
        try:
            serve.start(proxy_location="Disabled")
            return serve.run(build(own, own=True), name=APPLICATION, route_prefix=None)
        except Exception as error:
            raise ServiceUnavailable(f"Ray Serve did not start: {first_line(error)}") from error
