"""Settings of the prompt service: `SONGREEL_PROMPT_...`."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import SettingsConfigDict
from songreel_kit.settings import ServiceSettings


class PromptSettings(ServiceSettings):
    """What the prompt service can be told."""

    model_config = SettingsConfigDict(env_prefix="SONGREEL_PROMPT_")

    styles: Path | None = None
    """Folder with style presets of your own (`*.yaml`), read at the start."""

    default_style: str = "cartoon"
    """Style of requests that name none."""

    default_storyteller: str = "offline"
    """Storyteller of requests that name none."""
