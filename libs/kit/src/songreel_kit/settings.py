"""Settings: one typed object per service, filled from `SONGREEL_...` variables."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from songreel_kit.server import ServerSettings


def data_folder() -> Path:
    """Where songreel keeps its data: `SONGREEL_DATA`, or the user's data folder."""
    chosen = os.environ.get("SONGREEL_DATA")
    return Path(chosen).expanduser() if chosen else user_data_path("songreel", appauthor=False)


def default_store() -> str:
    """The artifact store of all services: `SONGREEL_STORE`, or a folder of the data."""
    return os.environ.get("SONGREEL_STORE") or str(data_folder() / "artifacts")


class ServiceSettings(BaseSettings):
    """Base of every service's settings; a service sets its own `env_prefix`."""

    model_config = SettingsConfigDict(
        env_prefix="SONGREEL_", frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    store: str = Field(default_factory=default_store)
    """Artifact store: a folder, `file:///folder` or `s3://bucket/prefix`."""

    bind: str = "127.0.0.1:0"
    """Address and port to serve on; port 0 takes a free one."""

    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Port for Prometheus; none when unset."""

    grace_seconds: float = Field(default=20.0, ge=0.0, le=3600.0)
    """How long a stopping server waits for the calls in flight."""

    max_concurrent_calls: int | None = Field(default=None, ge=1)
    """More calls at once are refused with RESOURCE_EXHAUSTED; unlimited when unset."""

    def server(self) -> ServerSettings:
        """The part of it that the server takes."""
        return ServerSettings(
            bind=self.bind,
            metrics_port=self.metrics_port,
            grace_seconds=self.grace_seconds,
            max_concurrent_calls=self.max_concurrent_calls,
        )
