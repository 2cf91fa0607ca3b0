"""Settings of the prompt service: `SONGREEL_PROMPT_...`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict
from songreel_kit.settings import ServiceSettings


class PromptSettings(ServiceSettings):
    """Settings of the prompt service."""

    model_config = SettingsConfigDict(env_prefix="SONGREEL_PROMPT_")

    styles: Path | None = None
    """Folder with style presets of your own (`*.yaml`), read at the start."""

    max_storyboards: int = Field(default=8, ge=1, le=256)
    """Storyboards that are written at the same time; more are refused, and wait at the
    gateway."""

    default_style: str = "cartoon"
    """Style of requests that name none."""

    default_storyteller: str = "offline"
    """Storyteller of requests that name none, such as offline or llm."""

    protagonist_share: float | None = Field(default=None, gt=0.0, le=1.0)
    """Share of scenes with the song's owner where requests ask for none; at least half when
    unset."""

    tokenizer: Path | None = None
    """The checkpoint that renders, or its tokenizer folder: prompts are cut to what it reads,
    counted as it counts. An estimate for Stable Diffusion 1.x when unset. Requests may name
    another checkpoint."""

    clip_tokenizer: Path | None = None
    """Folder with CLIP's vocab.json and merges.txt, for single-file checkpoints, which hold
    none; an estimate when unset."""

    llm_model: str = ""
    """Name of the language model, as its server calls it."""

    llm_base_url: str = Field(default_factory=lambda: os.environ.get("OPENAI_BASE_URL", ""))
    """Any OpenAI-compatible server (OpenAI, vLLM, Ollama, llama.cpp), `http://.../v1`; else
    `OPENAI_BASE_URL`, else OpenAI's own."""

    llm_api_key: SecretStr = Field(
        default_factory=lambda: SecretStr(os.environ.get("OPENAI_API_KEY", ""))
    )
    """Key for the server; else `OPENAI_API_KEY`. Servers of your own need none."""

    llm_timeout: float = Field(default=120.0, gt=0.0, le=3600.0)
    """Seconds that one answer may take."""

    llm_retries: int = Field(default=2, ge=0, le=10)
    """How often a call is repeated after a timeout, 429 or 5xx; Retry-After is waited for."""

    llm_answer_tokens: int = Field(default=4000, ge=500)
    """Longest answer to one call, in tokens."""

    llm_max_tokens: int = Field(default=200_000, ge=1)
    """Budget of one storyboard in tokens, questions and answers together."""

    llm_max_cost: float | None = Field(default=None, gt=0.0)
    """Budget of one storyboard in money; needs the two prices."""

    llm_input_price: float = Field(default=0.0, ge=0.0)
    """Price of a million tokens asked."""

    llm_output_price: float = Field(default=0.0, ge=0.0)
    """Price of a million tokens answered."""

    llm_moderation: Literal["auto", "off"] = "auto"
    """auto: prompts of every storyteller, and of storyboards that people edit, go through the
    server's moderation endpoint where one is configured."""

    llm_moderation_model: str = "omni-moderation-latest"
    """Model of the moderation endpoint."""
