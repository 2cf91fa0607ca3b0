"""The stages of the chaos tests as one process: real servicers on a real store.

Each call takes about the time that the environment says, and notes what it makes.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from songreel.render.v1.render_service_pb2 import RenderRequest
from songreel_kit.artifacts.open import open_store
from songreel_kit.server.server import ServerSettings, running_server
from songreel_kit.work_slots import WorkSlots

from songreel_testing.gateway.fake_stages import stage_services
from songreel_testing.gateway.stage_control import StageControl


@dataclass
class PacedStages(StageControl):
    """Every stage takes a while, so that a fault has something to interrupt."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seconds = float(os.environ["CHAOS_STAGE_SECONDS"])
        self.random = random.Random(int(os.environ["CHAOS_SEED"]))
        self.slots = WorkSlots(int(os.environ["CHAOS_RENDERS"]), "renders", "raise CHAOS_RENDERS")

    def slot(self) -> AbstractContextManager[None]:
        return self.slots.hold()

    async def draws(self, request: RenderRequest) -> None:
        """Steps, where given, are tenths of a second; notes when it was at work."""
        began = time.time()
        if request.settings.steps:
            await asyncio.sleep(request.settings.steps / 10)
        else:
            await super().draws(request)
        self.note(f"drew/{request.song.sha256}/{began}/{time.time()}")

    async def held(self, stage: str) -> None:
        await asyncio.sleep(self.seconds * self.random.uniform(0.5, 1.5))
        await super().held(stage)


async def main() -> None:
    store = open_store(os.environ["SONGREEL_STORE"])
    control = PacedStages(Path(sys.argv[1]))
    settings = ServerSettings(bind=sys.argv[2], grace_seconds=1.0)
    async with running_server(stage_services(store, control), settings) as server:
        server.stop_on_signals()
        print(server.address, flush=True)
        await server.wait_stopped()


if __name__ == "__main__":
    asyncio.run(main())
