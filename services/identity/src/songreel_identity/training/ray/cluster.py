"""The workers of the identity service, and the Ray that they run on."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import ray
from songreel_kit.ray.cluster import Cluster, Place

from songreel_identity.training.ray.worker import TrainingWorker
from songreel_identity.training.settings import TrainingSettings


class TrainingWorkers:
    """Starts workers; thread-safe.

    Args:
        settings: of the service.
    """

    def __init__(self, settings: TrainingSettings) -> None:
        self._settings = settings
        self._cluster = Cluster(
            Place(
                address=settings.training_ray_address,
                # Room for one worker.
                cpus=max(1, math.ceil(settings.training_ray_cpus)),
                store_mib=settings.training_ray_store_mib,
                gpus=settings.training_ray_gpus,
                fewer_gpus=(
                    "set SONGREEL_IDENTITY_TRAINING_RAY_GPUS to less, or "
                    "SONGREEL_IDENTITY_TRAINING_RAY_ADDRESS to a cluster that has them"
                ),
                taken=(
                    "run the identity service in a process of its own, or set "
                    "SONGREEL_IDENTITY_TRAINING_BACKEND=process"
                ),
            ),
            opened=lambda: None,
        )

    def worker(self, training: str, patience_seconds: float) -> Any:
        """A handle to a new `TrainingWorker`; starts or joins the cluster where need be.

        It ends with this process, with `end`, or when the service is not heard of. Raises what
        `Cluster.enter` raises.
        """
        self._cluster.enter()
        actor: Any = ray.remote(TrainingWorker)
        return actor.options(
            num_cpus=self._settings.training_ray_cpus,
            num_gpus=self._settings.training_ray_gpus,
            # Another process would have other keys; the service begins anew instead.
            max_restarts=0,
        ).remote(training, patience_seconds)

    def end(self, worker: Any) -> None:
        """Kills a worker, whatever it does. Where that cannot be said, its patience ends it."""
        with suppress(Exception):
            ray.kill(worker, no_restart=True)

    def close(self) -> None:
        """Leaves the cluster; one that was started here ends, with all its processes."""
        self._cluster.close()
