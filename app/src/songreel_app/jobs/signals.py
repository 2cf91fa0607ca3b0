"""Runs a command's coroutine and turns signals and errors into exit codes."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

INTERRUPTED = 130
TERMINATED = 143


@dataclass
class Interrupts:
    """Which signal, if any, asked the running command to stop."""

    signal: int | None = None

    @property
    def by_user(self) -> bool:
        """True after Ctrl-C; a plain SIGTERM leaves the job to be taken up later."""
        return self.signal == signal.SIGINT

    @property
    def exit_code(self) -> int:
        """130 after Ctrl-C and 143 after SIGTERM, as shells count them."""
        return INTERRUPTED if self.by_user else TERMINATED


def run_command(command: Callable[[Interrupts], Coroutine[Any, Any, None]]) -> int:
    """Runs `command` on a fresh event loop until it ends or is interrupted.

    The first Ctrl-C or SIGTERM cancels the command, which then has the time to
    say goodbye to the server; a second Ctrl-C ends it at once.

    Returns:
        0, or the exit code of the signal.

    Raises:
        SongreelError: whatever the command raised.
    """
    interrupts = Interrupts()
    try:
        asyncio.run(_guarded(command, interrupts))
    except asyncio.CancelledError:
        return interrupts.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


async def _guarded(
    command: Callable[[Interrupts], Coroutine[Any, Any, None]], interrupts: Interrupts
) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(command(interrupts))

    def stop(number: int) -> None:
        interrupts.signal = number
        task.cancel()
        # From here on Ctrl-C is the ordinary KeyboardInterrupt again.
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    await task
