"""Serves the prompt service alone: `python -m songreel_prompt`."""

from collections.abc import Coroutine
from typing import Any

from songreel_kit.artifacts.open import open_store
from songreel_kit.server.main import main
from songreel_kit.server.server import serve

from songreel_prompt.service import create_service
from songreel_prompt.settings import PromptSettings


def serving() -> Coroutine[Any, Any, None]:
    """Serves until a signal comes."""
    settings = PromptSettings()
    return serve([create_service(settings, open_store(settings.store))], settings.server())


if __name__ == "__main__":
    main("songreel-prompt", serving)
