"""Puts the prompt service together."""

from __future__ import annotations

import grpc.aio
from songreel.prompt.v1.prompt_service_pb2_grpc import add_PromptServiceServicer_to_server
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.server.service import Service

from songreel_prompt.authoring import Author
from songreel_prompt.llm.moderator import Moderator
from songreel_prompt.llm.server import LlmServer
from songreel_prompt.servicer import PromptServicer
from songreel_prompt.settings import PromptSettings
from songreel_prompt.storytellers import build_storytellers, find_storyteller
from songreel_prompt.styles import find_style, load_styles
from songreel_prompt.wording.tokens import TokenCounters

NAME = "songreel.prompt.v1.PromptService"


def create_service(settings: PromptSettings, store: ArtifactStore) -> Service:
    """The service, ready to be served.

    Raises:
        BrokenStyle: a style file of the user's folder cannot be read.
        UnknownStyle, UnknownStoryteller: a default of the settings does not exist.
        ModelMissing: the default storyteller is llm and no model is set up.
        CheckpointIncomplete: the tokenizer folder has no tokenizer.
    """
    styles = load_styles(settings.styles)
    find_style(styles, settings.default_style)
    counters = TokenCounters(settings.tokenizer, settings.clip_tokenizer)
    server = LlmServer(settings)
    storytellers = build_storytellers(settings, store, server)
    find_storyteller(storytellers, settings.default_storyteller).prepare()
    moderator = Moderator(server)
    author = Author(settings, store, styles, storytellers, counters, moderator)
    servicer = PromptServicer(author, settings.max_storyboards)

    def add_to_server(server: grpc.aio.Server) -> None:
        add_PromptServiceServicer_to_server(servicer, server)

    return Service(NAME, add_to_server)
