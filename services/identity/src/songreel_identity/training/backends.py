"""Where adapters are trained: in this process or on Ray."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from songreel_kit.errors import FailedPrecondition
from songreel_kit.work import Report

from songreel_identity.training.settings import TrainingSettings
from songreel_identity.training.tasks import TaskResult, TrainingTask, run_task


class TrainingBackend(Protocol):
    """Trains adapters. Methods block; call them from a thread. Thread-safe."""

    def train(
        self,
        task: TrainingTask,
        check: Callable[[], None],
        save: Callable[[bytes], None],
        report: Report,
    ) -> TaskResult:
        """Trains one adapter.

        Args:
            task: the training.
            check: called often; what it raises ends the training.
            save: called with states to go on from; may raise to end the training.
            report: gets the progress.

        Raises:
            AdapterMismatch, CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported: of
                the checkpoint where the training runs.
            FailedPrecondition: the backend is not set up.
            ServiceUnavailable: the backend was not reached, had no room, or was lost; called
                again, the training goes on from the last saved state.
        """
        ...

    def close(self) -> None:
        """Ends everything that was started."""
        ...


class InProcessTrainingBackend:
    """Trains in this process."""

    def train(
        self,
        task: TrainingTask,
        check: Callable[[], None],
        save: Callable[[bytes], None],
        report: Report,
    ) -> TaskResult:
        """See `TrainingBackend`."""
        return run_task(task, check, save, report)

    def close(self) -> None:
        """See `TrainingBackend`; nothing was started."""


def open_backend(settings: TrainingSettings) -> TrainingBackend:
    """The backend that the settings name; starts nothing.

    Raises:
        FailedPrecondition: Ray is not installed.
    """
    if settings.training_backend == "process":
        return InProcessTrainingBackend()
    try:
        from songreel_identity.training.ray.backend import RayTrainingBackend
    except ImportError as error:
        raise FailedPrecondition(
            f"training on Ray needs Ray, which cannot be loaded ({error}); install it: pip "
            "install 'songreel[identity,ray]', or set SONGREEL_IDENTITY_TRAINING_BACKEND=process"
        ) from error
    return RayTrainingBackend(settings)
