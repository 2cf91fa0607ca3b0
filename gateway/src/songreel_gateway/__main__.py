"""`python -m songreel_gateway`: serves the gateway alone."""

from __future__ import annotations

import asyncio
import sys

from prometheus_client import REGISTRY
from songreel_kit.artifacts import open_store
from songreel_kit.errors import SongreelError
from songreel_kit.server import running_server
from songreel_kit.telemetry import configure_logging

from songreel_gateway.service import Gateway, GatewaySettings, Targets


async def serve() -> None:
    """Serves until SIGTERM or SIGINT; jobs under way are laid down for the next start."""
    configure_logging()
    settings = GatewaySettings()
    gateway = Gateway(settings, open_store(settings.store))
    async with running_server(gateway.services(), settings.server(), registry=REGISTRY) as server:
        server.stop_on_signals()
        async with gateway.running(Targets.configured(settings)):
            print(f"listening on {server.address}", flush=True)  # noqa: T201 - for whoever started it
            await server.wait_stopped()


def main() -> None:
    """Exit code 1 and one line when it cannot serve."""
    try:
        asyncio.run(serve())
    except SongreelError as error:
        sys.exit(f"songreel-gateway: {error}")


if __name__ == "__main__":
    main()
