"""A Ray on this machine for as long as it is needed, or the way to one elsewhere."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import psutil
import ray
from ray.util import disconnect

from songreel_kit.errors import FailedPrecondition, ServiceUnavailable
from songreel_kit.telemetry.logging import get_logger

_log = get_logger(__name__)
NAMESPACE: Final = "songreel"
"""Of the actors that are named."""

# Ray gives its own processes half a minute, which is too little on a busy machine.
_STARTS: Final = 3
_SWEEP_SECONDS: Final = 10.0

Opened = TypeVar("Opened")


@dataclass(frozen=True)
class Place:
    """Where Ray is, or how one is started here."""

    address: str
    """Of a Ray elsewhere; empty starts one on this machine."""
    cpus: int
    """Slots of one that is started here, whatever the machine has."""
    store_mib: int
    """Its memory for objects."""
    gpus: float
    """How many it must have."""
    fewer_gpus: str
    """What to do where it has fewer."""
    taken: str
    """What to do where another part of this process uses another Ray."""


class Cluster(Generic[Opened]):
    """Ray for one part of this process; thread-safe.

    Args:
        place: where it is.
        opened: called when it is there; gives what `enter` returns.
        leaving: called before a Ray ends that was started here.
    """

    def __init__(
        self,
        place: Place,
        opened: Callable[[], Opened],
        leaving: Callable[[], None] | None = None,
    ) -> None:
        self._place = place
        self._opened = opened
        self._leaving = leaving
        self._lock = threading.Lock()
        self._entered: tuple[Opened] | None = None
        self._folder: Path | None = None
        # The kernel ends Ray's processes with the thread that started them: it has to live on.
        self._keeper: ThreadPoolExecutor | None = None

    def enter(self) -> Opened:
        """Starts or joins Ray where that was not done yet.

        Raises:
            FailedPrecondition: GPUs are asked for that are not here, or another part of this
                process uses another Ray.
            ServiceUnavailable: Ray did not start, or cannot be reached.
        """
        with self._lock:
            if self._entered is None:
                if ray.is_initialized():
                    raise FailedPrecondition(
                        "another part of this process uses Ray already, and a process can use "
                        f"one only: {self._place.taken}"
                    )
                self._keeper = ThreadPoolExecutor(1, thread_name_prefix="songreel-ray")
                try:
                    self._entered = (self._keeper.submit(self._open).result(),)
                except BaseException:
                    self._close()
                    raise
            return self._entered[0]

    def close(self) -> None:
        """Leaves it; one that was started here ends, with all its processes."""
        with self._lock:
            self._close()

    def _open(self) -> Opened:
        if self._place.address:
            self._join()
        else:
            self._start()
        return self._opened()

    def _join(self) -> None:
        address = self._place.address
        try:
            _init(address=address)
        except Exception as error:
            raise ServiceUnavailable(
                f"Ray at {address} cannot be reached ({first_line(error)}); see that it runs "
                "there, with the same versions of Ray and Python, and that RAY_AUTH_TOKEN is its "
                "token"
            ) from error

    def _start(self) -> None:
        _log.info("starting Ray", cpus=self._place.cpus)
        # Its own folder, so that nothing is left behind; a short name, because the paths of
        # sockets below it may have 107 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))
        self._boot()
        there = float(ray.cluster_resources().get("GPU", 0.0))
        if self._place.gpus > there:
            raise FailedPrecondition(
                f"{self._place.gpus:g} GPUs are asked for and there are {there:g} here; "
                f"{self._place.fewer_gpus}"
            )

    def _boot(self) -> None:
        problem: Exception | None = None
        for _ in range(_STARTS):
            try:
                _init(
                    address="local",
                    num_cpus=self._place.cpus,
                    include_dashboard=False,
                    object_store_memory=self._place.store_mib * 2**20,
                    _temp_dir=str(self._folder),
                )
            except Exception as error:
                _log.warning("Ray did not start", problem=first_line(error))
                ray.shutdown()
                self._sweep()
                problem = error
            else:
                return
        assert problem is not None
        raise ServiceUnavailable(f"Ray did not start: {first_line(problem)}") from problem

    def _close(self) -> None:
        keeper, self._keeper, self._entered = self._keeper, None, None
        if keeper is not None:
            keeper.submit(self._leave).result()
            keeper.shutdown()

    def _leave(self) -> None:
        # Whatever these say, all of it ends with the lines after them.
        with suppress(Exception):
            if self._place.address:
                # A connection that was lost counts as one until it is given up.
                disconnect()
            elif self._leaving is not None and ray.is_initialized():
                self._leaving()
        ray.shutdown()
        if self._folder is not None:
            self._sweep()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _sweep(self) -> None:
        """Ends what is left of a Ray that was started here; a failed start leaves its processes."""
        left: set[psutil.Process] = set()
        for child in psutil.Process().children():
            with suppress(psutil.Error):
                if any(str(self._folder) in part for part in child.cmdline()):
                    left |= {child, *child.children(recursive=True)}
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=_SWEEP_SECONDS)


def first_line(error: BaseException) -> str:
    """What an error says, without the stack that Ray puts into it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    # The stack of another process follows, and after it what that one says.
    return f"{lines[0]} {lines[-1]}" if lines[0].endswith(":") else lines[0]


def _init(**settings: Any) -> None:
    ray.init(namespace=NAMESPACE, log_to_driver=False, configure_logging=False, **settings)
