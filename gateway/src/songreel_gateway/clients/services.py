"""The services that the stages call, and where they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc.aio
from songreel.audio.v1.audio_service_pb2_grpc import AudioServiceStub
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.prompt.v1.prompt_service_pb2_grpc import PromptServiceStub
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel.score.v1.score_service_pb2_grpc import ScoreServiceStub
from songreel_kit.channel.channel import Headers

from songreel_gateway.settings import GatewaySettings


@dataclass(frozen=True)
class StageService:
    """A gRPC service that does the work of a stage."""

    name: str
    """In messages and logs; the setting `NAME_target` says where it is."""

    stub: Callable[[grpc.aio.Channel], Any]
    """Class of its generated stub."""


AUDIO = StageService("audio", AudioServiceStub)
PROMPT = StageService("prompt", PromptServiceStub)
RENDER = StageService("render", RenderServiceStub)
IDENTITY = StageService("identity", IdentityServiceStub)
SCORE = StageService("score", ScoreServiceStub)


@dataclass(frozen=True)
class Targets:
    """gRPC target of each service."""

    of: Callable[[StageService], str]
    headers: Headers = tuple
    """Metadata for every call, where the services ask who calls."""

    @classmethod
    def all(cls, target: str, headers: Headers = tuple) -> Targets:
        """One server that has all services."""
        return cls(lambda service: target, headers)

    @classmethod
    def configured(cls, settings: GatewaySettings) -> Targets:
        """The targets that the settings name."""
        return cls(lambda service: getattr(settings, f"{service.name}_target"))
