"""How a test sees and steers stages that may run in another process."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from songreel.render.v1 import render_service_pb2 as render
from songreel_kit import errors


@dataclass
class StageControl:
    """The files through which a test sees and steers the stages."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def note(self, what: str) -> None:
        # One short write in append mode is whole, whoever else writes.
        descriptor = os.open(self.folder / "calls", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{what}\n".encode())
        os.close(descriptor)

    def calls(self) -> Counter[str]:
        path = self.folder / "calls"
        return Counter(path.read_text().split()) if path.exists() else Counter()

    def hold(self, stage: str) -> None:
        (self.folder / f"hold-{stage}").touch()

    def let_go(self, stage: str) -> None:
        (self.folder / f"hold-{stage}").unlink(missing_ok=True)

    def fail(self, stage: str, error: str, times: int) -> None:
        """The next calls of the stage fail with this class of `songreel_kit.errors`."""
        (self.folder / f"fail-{stage}").write_text(f"{error} {times}")

    def fill(self, stage: str) -> None:
        """From now on the stage has no room."""
        (self.folder / f"full-{stage}").touch()

    def make_room(self, stage: str) -> None:
        (self.folder / f"full-{stage}").unlink(missing_ok=True)

    async def enter(self, stage: str) -> None:
        """Begins a stage: fails or holds as told."""
        self.note(f"{stage}-begun")
        if (self.folder / f"full-{stage}").exists():
            raise errors.Busy(f"{stage} is full as told")
        order = self.folder / f"fail-{stage}"
        if order.exists():
            name, times = order.read_text().split()
            order.write_text(f"{name} {int(times) - 1}")
            if int(times) > 0:
                raise getattr(errors, name)(f"{stage} fails as told")

    def slot(self) -> AbstractContextManager[None]:
        """What a render holds; refused with `Busy` where a process has only so many."""
        return nullcontext()

    async def draws(self, request: render.RenderRequest) -> None:
        """A render is half-way."""
        await self.held("render")

    async def held(self, stage: str) -> None:
        try:
            while (self.folder / f"hold-{stage}").exists():  # noqa: ASYNC110 - a file tells nobody of its end
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.note(f"{stage}-cancelled")
            raise
