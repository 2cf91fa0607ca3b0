"""Settings of the identity service: `SONGREEL_IDENTITY_...`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from songreel_kit.settings import ServiceSettings, data_folder

from songreel_identity.liveness.thresholds import Thresholds
from songreel_identity.training.recipe import SMALL, TrainingRecipe


def _default_database() -> str:
    return f"sqlite:///{data_folder() / 'identity' / 'vault.db'}"


class IdentitySettings(ServiceSettings):
    """What the identity service can be told."""

    model_config = SettingsConfigDict(
        env_prefix="SONGREEL_IDENTITY_",
        env_nested_delimiter="__",
        # One field of a recipe may be set alone; the others stay those of this recipe.
        nested_model_default_partial_update=True,
    )

    database: str = Field(default_factory=_default_database)
    """The vault: `sqlite:///FILE` or `postgresql+psycopg://...`."""

    keys: Path = Field(default_factory=lambda: data_folder() / "identity-keys")
    """Folder of the key files, made at the first start. Back it up apart from the database:
    without it the vault cannot be opened."""

    retention_days: int = Field(default=365, ge=1, le=3650)
    """An identity is erased so long after its last enrolment."""

    lockout_hours: float = Field(default=24.0, gt=0.0)
    """How long failed tries count towards the lock-out."""

    max_sessions: int = Field(default=4, ge=1)
    """Enrolments at once; more are refused as busy. Each takes about one CPU core."""

    stall_seconds: float = Field(default=10.0, gt=0.0)
    """A client that sends nothing for so long is cut off."""

    sweep_seconds: float = Field(default=3600.0, gt=0.0)
    """How often identities whose retention is over are erased."""

    watch_seconds: float = Field(default=1.0, gt=0.0)
    """How often a use under way is checked against the vault."""

    erase_seconds: float = Field(default=30.0, gt=0.0)
    """How long an erasure waits for renderers at work to say that they hold nothing."""

    training: TrainingRecipe = TrainingRecipe()
    """How adapters are trained, e.g. `SONGREEL_IDENTITY_TRAINING__STEPS`."""

    training_small: TrainingRecipe = SMALL
    """The same for small checkpoints, e.g. `SONGREEL_IDENTITY_TRAINING_SMALL__STEPS`."""

    training_device: str = "cpu"
    """What adapters are trained on: "cpu", "cuda", ..."""

    training_threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    """CPU threads for training."""

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

    liveness: Thresholds = Thresholds()
    """What the protocol decides by, e.g. `SONGREEL_IDENTITY_LIVENESS__TRIES`."""
