"""Serves the prompt service alone: `python -m songreel_prompt`."""

from __future__ import annotations

import sys

from songreel_kit.artifacts.store import open_store
from songreel_kit.errors import SongreelError
from songreel_kit.server.server import serve
from songreel_kit.stopping import run_to_the_end

from songreel_prompt.service import create_service
from songreel_prompt.settings import PromptSettings


def main() -> None:
    """Serves until a signal; a set-up that cannot work is one line on stderr."""
    settings = PromptSettings()
    try:
        service = create_service(settings, open_store(settings.store))
        run_to_the_end(serve([service], settings.server()))
    except SongreelError as error:
        sys.exit(f"songreel_prompt: {error.message}")


if __name__ == "__main__":
    main()
