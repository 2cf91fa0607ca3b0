"""The audio service as a server takes it in."""

from songreel.audio.v1 import audio_service_pb2_grpc
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.server.service import Service

from songreel_audio.servicer import AudioServicer
from songreel_audio.settings import AudioSettings

NAME = "songreel.audio.v1.AudioService"


def create_service(settings: AudioSettings, store: ArtifactStore) -> Service:
    """The service with these settings, keeping its documents in `store`."""
    servicer = AudioServicer(settings, store)
    return Service(
        NAME,
        lambda server: audio_service_pb2_grpc.add_AudioServiceServicer_to_server(servicer, server),
    )
