"""Serves the audio service alone: `python -m songreel_audio`."""

from songreel_kit.artifacts.store import open_store
from songreel_kit.server.server import serve
from songreel_kit.stopping import run_to_the_end

from songreel_audio.service import create_service
from songreel_audio.settings import AudioSettings


def main() -> None:
    """Serves until a signal comes."""
    settings = AudioSettings()
    service = create_service(settings, open_store(settings.store))
    run_to_the_end(serve([service], settings.server()))


if __name__ == "__main__":
    main()
