"""Serves the score service alone: `python -m songreel_score`."""

from collections.abc import Coroutine
from typing import Any

from songreel_kit.artifacts.open import open_store
from songreel_kit.server.main import main
from songreel_kit.server.server import serve

from songreel_score.service import create_service
from songreel_score.settings import ScoreSettings


def serving() -> Coroutine[Any, Any, None]:
    """Serves until a signal comes."""
    settings = ScoreSettings()
    return serve([create_service(settings, open_store(settings.store))], settings.server())


if __name__ == "__main__":
    main("songreel-score", serving)
