"""The score service as a server takes it in; importing it loads none of its libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from songreel.score.v1.score_service_pb2 import DESCRIPTOR
from songreel.score.v1.score_service_pb2_grpc import add_ScoreServiceServicer_to_server
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.server.deferred import DeferredServicer
from songreel_kit.server.service import Service

from songreel_score.settings import ScoreSettings

if TYPE_CHECKING:
    from songreel_score.servicer import ScoreServicer

NAME = "songreel.score.v1.ScoreService"


def create_service(
    settings: ScoreSettings, store: ArtifactStore, *, deferred: bool = False
) -> Service:
    """The service with these settings, keeping what it makes in `store`.

    Args:
        settings: of the service.
        store: where films are read and soundtracks kept.
        deferred: load the libraries, and check the settings, at the first call, not now.

    Raises:
        UnknownStyle, UnknownEngine: a default of the settings does not exist.
        ModelMissing: there is no soundfont, or the default engine's model is missing.
    """

    def make() -> ScoreServicer:
        from songreel_score.compose.engines import find_engine
        from songreel_score.servicer import ScoreServicer
        from songreel_score.sound.soundfonts import find_soundfont
        from songreel_score.styles import find_style

        find_style(settings.default_style)
        find_engine(settings.default_engine)
        find_soundfont(settings.soundfont)
        return ScoreServicer(settings, store)

    service = DESCRIPTOR.services_by_name["ScoreService"]
    servicer = DeferredServicer(service, make) if deferred else make()
    return Service(NAME, lambda server: add_ScoreServiceServicer_to_server(servicer, server))
