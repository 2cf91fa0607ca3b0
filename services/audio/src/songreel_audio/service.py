"""The audio service as a server takes it in; importing it loads no librosa."""

from __future__ import annotations

from typing import TYPE_CHECKING

from songreel.audio.v1.audio_service_pb2 import DESCRIPTOR
from songreel.audio.v1.audio_service_pb2_grpc import add_AudioServiceServicer_to_server
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.server.deferred import DeferredServicer
from songreel_kit.server.service import Service

from songreel_audio.settings import AudioSettings

if TYPE_CHECKING:
    from songreel_audio.servicer import AudioServicer

NAME = "songreel.audio.v1.AudioService"


def create_service(
    settings: AudioSettings, store: ArtifactStore, *, deferred: bool = False
) -> Service:
    """The service with these settings, keeping its documents in `store`.

    Args:
        settings: of the service.
        store: where songs are read and documents kept.
        deferred: load librosa and the other libraries at the first call, not now.
    """

    def make() -> AudioServicer:
        from songreel_audio.servicer import AudioServicer

        return AudioServicer(settings, store)

    service = DESCRIPTOR.services_by_name["AudioService"]
    servicer = DeferredServicer(service, make) if deferred else make()
    return Service(NAME, lambda server: add_AudioServiceServicer_to_server(servicer, server))
