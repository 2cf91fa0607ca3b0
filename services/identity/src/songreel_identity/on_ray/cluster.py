"""A Ray on this machine for as long as it is needed, or the way to one elsewhere."""

from __future__ import annotations

import math
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil
import ray
from ray.util import disconnect
from songreel_kit.errors import FailedPrecondition, ServiceUnavailable
from songreel_kit.telemetry import get_logger

from songreel_identity.on_ray.worker import TrainingWorker
from songreel_identity.settings import IdentitySettings

_log = get_logger(__name__)
_NAMESPACE: Final = "songreel"
# Ray gives its own processes half a minute, which is too little on a busy machine.
_STARTS: Final = 3
_SWEEP_SECONDS: Final = 10.0


class Cluster:
    """Starts workers; thread-safe.

    Args:
        settings: of the service.
    """

    def __init__(self, settings: IdentitySettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._joined = False
        self._folder: Path | None = None
        # The kernel ends Ray's processes with the thread that started them: it has to live on.
        self._keeper: ThreadPoolExecutor | None = None

    def worker(self, training: str, patience_seconds: float) -> Any:
        """A handle to a new `TrainingWorker`; starts or joins the cluster where need be.

        It ends with this process, with `end`, or when the service is not heard of.

        Raises:
            FailedPrecondition: GPUs are asked for that are not here, or another part of this
                process uses another Ray.
            ServiceUnavailable: Ray did not start, or cannot be reached.
        """
        self._enter()
        actor: Any = ray.remote(TrainingWorker)
        return actor.options(
            num_cpus=self._settings.training_ray_cpus,
            num_gpus=self._settings.training_ray_gpus,
            # Another process would have other keys; the service begins anew instead.
            max_restarts=0,
        ).remote(training, patience_seconds)

    def end(self, worker: Any) -> None:
        """Kills a worker, whatever it does. Where that cannot be said, its patience ends it."""
        with suppress(Exception):
            ray.kill(worker, no_restart=True)

    def close(self) -> None:
        """Leaves the cluster; one that was started here ends, with all its processes."""
        with self._lock:
            self._close()

    def _enter(self) -> None:
        with self._lock:
            if self._joined:
                return
            if ray.is_initialized():
                raise FailedPrecondition(
                    "another part of this process uses Ray already, and a process can use one "
                    "only: run the identity service in a process of its own, or set "
                    "SONGREEL_IDENTITY_TRAINING_BACKEND=process"
                )
            self._keeper = ThreadPoolExecutor(1, thread_name_prefix="songreel-ray")
            try:
                self._keeper.submit(self._open).result()
            except BaseException:
                self._close()
                raise
            self._joined = True

    def _open(self) -> None:
        if self._settings.training_ray_address:
            self._join(self._settings.training_ray_address)
        else:
            self._start()

    def _join(self, address: str) -> None:
        try:
            ray.init(
                address=address,
                namespace=_NAMESPACE,
                log_to_driver=False,
                configure_logging=False,
            )
        except Exception as error:
            raise ServiceUnavailable(
                f"Ray at {address} cannot be reached ({first_line(error)}); see that it runs "
                "there, with the same versions of Ray and Python, and that RAY_AUTH_TOKEN is its "
                "token"
            ) from error

    def _start(self) -> None:
        _log.info("starting Ray", address="this machine")
        # Its own folder, so that nothing is left behind; a short name, because the paths of
        # sockets below it may have 107 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))
        self._boot()
        gpus = float(ray.cluster_resources().get("GPU", 0.0))
        if self._settings.training_ray_gpus > gpus:
            raise FailedPrecondition(
                f"{self._settings.training_ray_gpus:g} GPUs are asked for and there are {gpus:g} "
                "here; set SONGREEL_IDENTITY_TRAINING_RAY_GPUS to less, or "
                "SONGREEL_IDENTITY_TRAINING_RAY_ADDRESS to a cluster that has them"
            )

    def _boot(self) -> None:
        problem: Exception | None = None
        for _ in range(_STARTS):
            try:
                ray.init(
                    address="local",
                    # Room for one worker, whatever the machine has.
                    num_cpus=max(1, math.ceil(self._settings.training_ray_cpus)),
                    include_dashboard=False,
                    object_store_memory=self._settings.training_ray_store_mib * 2**20,
                    namespace=_NAMESPACE,
                    log_to_driver=False,
                    configure_logging=False,
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
        keeper, self._keeper, self._joined = self._keeper, None, False
        if keeper is not None:
            keeper.submit(self._leave).result()
            keeper.shutdown()

    def _leave(self) -> None:
        if self._settings.training_ray_address:
            # A connection that was lost counts as one until it is given up.
            with suppress(Exception):
                disconnect()
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
