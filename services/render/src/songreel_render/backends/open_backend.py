"""Opens the backend that the settings name."""

from __future__ import annotations

from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import FailedPrecondition

from songreel_render.backends.backend import DrawingBackend
from songreel_render.backends.process import ProcessBackend
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.settings import RenderServiceSettings


def open_backend(
    settings: RenderServiceSettings, store: ArtifactStore, loader: CheckpointLoader
) -> DrawingBackend:
    """The backend that the settings name.

    Raises:
        FailedPrecondition: it is Ray, which is not installed.
    """
    if settings.backend == "process":
        return ProcessBackend(settings, store, loader)
    try:
        # Ray is an optional dependency.
        from songreel_render.backends.ray.backend import RayBackend
    except ImportError as error:
        raise FailedPrecondition(
            f"drawing on Ray needs Ray Serve, which cannot be loaded ({error}); install it: "
            "pip install 'songreel[ray]'"
        ) from error
    return RayBackend(settings, store)
