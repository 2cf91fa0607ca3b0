"""Settings of the trainings, a part of the service's: `SONGREEL_IDENTITY_TRAINING...`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from songreel_kit.processors import processors
from songreel_kit.settings import ServiceSettings

from songreel_identity.training.recipe import SMALL, TrainingRecipe


class TrainingSettings(ServiceSettings):
    """Where and how adapters are trained."""

    watch_seconds: float = Field(default=1.0, gt=0.0)
    """How often a use under way is checked against the vault."""

    training: TrainingRecipe = TrainingRecipe()
    """How adapters are trained, e.g. `SONGREEL_IDENTITY_TRAINING__STEPS`."""

    training_small: TrainingRecipe = SMALL
    """The same for small checkpoints, e.g. `SONGREEL_IDENTITY_TRAINING_SMALL__STEPS`."""

    training_device: str = "cpu"
    """What adapters are trained on: "cpu", "cuda", ..."""

    training_threads: int = Field(default_factory=processors, ge=1, le=256)
    """CPU threads for training; unless it is set, small checkpoints take one."""

    training_backend: Literal["process", "ray"] = "process"
    """Where adapters are trained: "process" is this one, "ray" are workers on Ray, to be had
    with songreel-identity[ray]."""

    training_ray_address: str = Field(default="", pattern="^(ray://.+)?$")
    """Cluster to train on, such as "ray://ray-head:10001"; empty starts Ray on this machine for
    as long as a training takes."""

    training_ray_cpus: float = Field(default=1.0, ge=0.0, le=256.0)
    """CPUs that a worker takes of its node's; `training_threads` says how many it uses."""

    training_ray_gpus: float = Field(default=0.0, ge=0.0, le=16.0)
    """GPUs of a worker; 0.5 lets two of them share one. Set `training_device` too."""

    training_ray_wait_seconds: float = Field(default=600.0, gt=0.0)
    """How long a training waits for a node with room; clusters take minutes to start one."""

    training_ray_store_mib: int = Field(default=256, ge=80)
    """Memory of Ray's object store in MiB, when it is started here; the sealed state of a
    training passes through it, about 100 MB for Stable Diffusion 1.5."""
