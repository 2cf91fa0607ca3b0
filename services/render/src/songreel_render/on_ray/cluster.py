"""A Ray on this machine for as long as it is needed, or the way to one elsewhere."""

from __future__ import annotations

import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil
import ray
from ray import serve
from songreel_kit.errors import FailedPrecondition, ServiceUnavailable
from songreel_kit.telemetry import get_logger

from songreel_render.on_ray.replica import APPLICATION, DEPLOYMENT, build
from songreel_render.settings import RenderSettings

_log = get_logger(__name__)
_NAMESPACE: Final = "songreel"
# Ray gives its own processes half a minute, which is too little on a busy machine.
_STARTS: Final = 3
_SWEEP_SECONDS: Final = 10.0


class Cluster:
    """Holds a handle to the replicas; thread-safe.

    Args:
        settings: of the service.
    """

    def __init__(self, settings: RenderSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._handle: Any = None
        self._folder: Path | None = None
        # The kernel ends Ray's processes with the thread that started them: it has to live on.
        self._keeper: ThreadPoolExecutor | None = None

    def handle(self) -> Any:
        """The handle, as `serve.run` returns it; the first call starts or joins the cluster.

        Raises:
            FailedPrecondition: GPUs are asked for that are not here.
            ServiceUnavailable: Ray did not start, or cannot be reached.
        """
        with self._lock:
            if self._handle is None:
                self._keeper = ThreadPoolExecutor(1, thread_name_prefix="songreel-ray")
                try:
                    self._handle = self._keeper.submit(self._open).result()
                except BaseException:
                    self._end()
                    raise
            return self._handle

    def close(self) -> None:
        """Leave the cluster; one that was started here ends, with all its processes."""
        with self._lock:
            self._end()

    def _open(self) -> Any:
        return self._join() if self._settings.ray_address else self._start()

    def _join(self) -> Any:
        address = self._settings.ray_address
        try:
            ray.init(address=address, namespace=_NAMESPACE)
            return serve.get_deployment_handle(DEPLOYMENT, APPLICATION)
        except Exception as error:
            raise ServiceUnavailable(
                f"the Serve application {APPLICATION!r} at {address} cannot be reached "
                f"({_first_line(error)}); see that it runs there and that RAY_AUTH_TOKEN is its "
                "token"
            ) from error

    def _start(self) -> Any:
        settings = self._settings
        most = max(settings.ray_min_replicas, settings.ray_max_replicas)
        _log.info("starting Ray", replicas=settings.ray_min_replicas, most=most)
        # Its own folder, so that nothing is left behind; a short name, because the paths of
        # sockets below it may have 107 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))
        self._boot(most)
        gpus = float(ray.cluster_resources().get("GPU", 0.0))
        if settings.ray_gpus * settings.ray_min_replicas > gpus:
            raise FailedPrecondition(
                f"{settings.ray_min_replicas} replicas with {settings.ray_gpus:g} GPUs each are "
                f"asked for and there are {gpus:g}; set SONGREEL_RENDER_RAY_GPUS to less"
            )
        own = settings.model_copy(update={"threads": max(1, settings.threads // most)})
        try:
            serve.start(proxy_location="Disabled")
            return serve.run(build(own, own=True), name=APPLICATION, route_prefix=None)
        except Exception as error:
            raise ServiceUnavailable(f"Ray Serve did not start: {_first_line(error)}") from error

    def _boot(self, slots: int) -> None:
        problem: Exception | None = None
        for _ in range(_STARTS):
            try:
                ray.init(
                    address="local",
                    # Slots for the replicas, whatever the machine has.
                    num_cpus=slots,
                    include_dashboard=False,
                    object_store_memory=self._settings.ray_store_mib * 2**20,
                    namespace=_NAMESPACE,
                    log_to_driver=False,
                    configure_logging=False,
                    _temp_dir=str(self._folder),
                )
            except Exception as error:
                _log.warning("Ray did not start", problem=_first_line(error))
                ray.shutdown()
                self._sweep()
                problem = error
            else:
                return
        assert problem is not None
        raise ServiceUnavailable(f"Ray did not start: {_first_line(problem)}") from problem

    def _end(self) -> None:
        keeper, self._keeper, self._handle = self._keeper, None, None
        if keeper is not None:
            keeper.submit(self._leave).result()
            keeper.shutdown()

    def _leave(self) -> None:
        if ray.is_initialized():
            if self._folder is not None:
                # Whatever it says, the processes end with the next line.
                with suppress(Exception):
                    serve.shutdown()
            ray.shutdown()
        if self._folder is not None:
            self._sweep()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _sweep(self) -> None:
        """End what is left of a Ray that was started here; a failed start leaves its processes."""
        left: set[psutil.Process] = set()
        for child in psutil.Process().children():
            with suppress(psutil.Error):
                if any(str(self._folder) in part for part in child.cmdline()):
                    left |= {child, *child.children(recursive=True)}
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=_SWEEP_SECONDS)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
