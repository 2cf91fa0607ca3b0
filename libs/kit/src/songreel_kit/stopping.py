"""A stop that takes no longer than it may: one budget, shared by all of its steps."""

from __future__ import annotations

import asyncio
import atexit
import faulthandler
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, NoReturn

from songreel_kit.telemetry.logging import get_logger

_log = get_logger(__name__)


class StopBudget:
    """The seconds that a stop has in all, counted from the moment it was asked for.

    Each step takes what it needs of what is left; none has a time-out that comes on top.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = math.inf
        self._enforced = False

    @property
    def begun(self) -> bool:
        """Whether the seconds run."""
        return self._end < math.inf

    def begin(self) -> None:
        """From now on the seconds run; begun twice is the same as once."""
        self._end = min(self._end, self._clock() + self.seconds)

    def left(self, *, keep: float = 0.0, most: float = math.inf) -> float:
        """Seconds that a step may take now; all of them before the beginning.

        Args:
            keep: Seconds to leave to the steps after it.
            most: More than this it does not get.
        """
        rest = self._end - self._clock() if self.begun else self.seconds
        return max(0.0, min(rest - keep, most))

    def enforce(self) -> None:
        """Has the process end with the budget, with code 1, whatever still holds it.

        A thread may be waiting for a database or a store that is cut off. A watchdog outside
        of the interpreter writes to stderr what each thread was at, and ends the process; so
        also one whose event loop, or whose interpreter, does not come round any more.
        """
        if self._enforced:
            return
        self._enforced = True
        _log.info("stopping", seconds=round(self.left(), 1))
        # Whoever has no stderr left, or a fake one, is not told what held it.
        with suppress(RuntimeError, ValueError, AttributeError, OSError):
            faulthandler.dump_traceback_later(max(0.01, self.left()), exit=True, file=sys.stderr)


def run_to_the_end(serving: Coroutine[Any, Any, None]) -> NoReturn:
    """Runs what a process is there for, and ends the process with code 0 after it.

    What was registered with `atexit` is done; then the process ends without the interpreter
    being taken apart, in which gRPC's threads and the interpreter may wait for each other
    for ever. Raises what `serving` raises.
    """
    asyncio.run(serving)
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage] - there is no other door
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class StopSignals:
    """SIGTERM and SIGINT, while they ask for a stop."""

    def __init__(self) -> None:
        self._former: dict[int, Any] = {}

    def take(self, budget: StopBudget, ask: Callable[[], None]) -> None:
        """From now on each signal calls `ask` on the running loop.

        With the first one the budget begins, and the process ends with it. In the main
        thread only.
        """
        loop = asyncio.get_running_loop()

        def signalled(number: int, frame: object) -> None:
            # The loop may be held up: the seconds run from here.
            budget.begin()
            budget.enforce()
            with suppress(RuntimeError):  # the loop is closed: nearly gone
                loop.call_soon_threadsafe(ask)

        # Not the loop's own handlers: those wait until the loop comes round.
        for number in (signal.SIGTERM, signal.SIGINT):
            self._former.setdefault(number, signal.signal(number, signalled))

    def give_back(self) -> None:
        """Whoever had the signals before has them again."""
        while self._former:
            signal.signal(*self._former.popitem())
