"""The score service as a server takes it in."""

from songreel.score.v1 import score_service_pb2_grpc
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.server.service import Service

from songreel_score.compose.engines import find_engine
from songreel_score.servicer import ScoreServicer
from songreel_score.settings import ScoreSettings
from songreel_score.sound.soundfonts import find_soundfont
from songreel_score.styles import find_style

NAME = "songreel.score.v1.ScoreService"


def create_service(settings: ScoreSettings, store: ArtifactStore) -> Service:
    """The service with these settings, keeping what it makes in `store`.

    Raises:
        UnknownStyle, UnknownEngine: a default of the settings does not exist.
        ModelMissing: there is no soundfont, or the default engine's model is missing.
    """
    find_style(settings.default_style)
    find_engine(settings.default_engine)
    find_soundfont(settings.soundfont)
    servicer = ScoreServicer(settings, store)
    return Service(
        NAME,
        lambda server: score_service_pb2_grpc.add_ScoreServiceServicer_to_server(servicer, server),
    )
