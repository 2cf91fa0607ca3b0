"""Serves rendering alone: `python -m songreel_render`."""

from __future__ import annotations

from songreel_kit.artifacts.store import open_store
from songreel_kit.server.server import serve
from songreel_kit.stopping import run_to_the_end

from songreel_render.service import create_service
from songreel_render.settings import RenderServiceSettings


def main() -> None:
    """Serve until a signal."""
    settings = RenderServiceSettings()
    service = create_service(settings, open_store(settings.store))
    run_to_the_end(serve([service], settings.server()))


if __name__ == "__main__":
    main()
