"""Settings of the identity service: `SONGREEL_IDENTITY_...`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from songreel_identity.liveness.thresholds import Thresholds
from songreel_identity.training.settings import TrainingSettings


class IdentitySettings(TrainingSettings):
    """Settings of the identity service."""

    model_config = SettingsConfigDict(
        env_prefix="SONGREEL_IDENTITY_",
        env_nested_delimiter="__",
        # One field of a recipe may be set alone; the others stay those of this recipe.
        nested_model_default_partial_update=True,
    )

    database: str = Field(
        default_factory=lambda fields: f"sqlite:///{fields['data'] / 'identity' / 'vault.db'}"
    )
    """The vault: `sqlite:///FILE` or `postgresql+psycopg://...`."""

    keys: Path = Field(default_factory=lambda fields: fields["data"] / "identity-keys")
    """Folder of the key files, made at the first start. Back it up apart from the database:
    without it the vault cannot be opened."""

    retention_days: int = Field(default=365, ge=1, le=3650)
    """An identity is erased so long after its last enrolment."""

    lockout_hours: float = Field(default=24.0, gt=0.0)
    """How long failed tries count towards the lock-out."""

    project_tries: int = Field(default=60, ge=1)
    """Failed tries of all names of a project together before it is locked out; of one name it is
    `liveness.tries`."""

    max_sessions: int = Field(default=4, ge=1)
    """Enrolments at once; more are refused as busy. Each takes about one CPU core."""

    stall_seconds: float = Field(default=10.0, gt=0.0)
    """A client that sends nothing for so long is cut off."""

    sweep_seconds: float = Field(default=3600.0, gt=0.0)
    """How often identities whose retention is over are erased."""

    erase_seconds: float = Field(default=30.0, gt=0.0)
    """How long an erasure waits for renderers at work to say that they hold nothing."""

    liveness: Thresholds = Thresholds()
    """What the protocol decides by, e.g. `SONGREEL_IDENTITY_LIVENESS__TRIES`."""
