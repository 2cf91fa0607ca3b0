"""Calls of replicas, with Ray's errors in our words."""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar, cast

from ray.exceptions import (
    NodeDiedError,
    OutOfMemoryError,
    RayActorError,
    RayError,
    RayTaskError,
    TaskCancelledError,
    WorkerCrashedError,
)
from ray.serve.exceptions import BackPressureError, RayServeException
from songreel_kit.errors import Cancelled, ServiceUnavailable, SongreelError

from songreel_render.backends.task_pool import QueueFull, WorkerLost

R = TypeVar("R")

# The replica, its process or its machine ended; the work can be done by another.
_LOST: Final = (RayActorError, WorkerCrashedError, NodeDiedError, OutOfMemoryError)


class RayFuture(Generic[R]):
    """A `TaskFuture` of the response of a deployment handle.

    Args:
        response: a `ray.serve.handle.DeploymentResponse`.
    """

    def __init__(self, response: Any) -> None:
        self._response = response

    def result(self) -> R:
        """See `TaskFuture.result`."""
        try:
            return cast("R", self._response.result())
        except BackPressureError as error:
            raise QueueFull(str(error)) from error
        except _LOST as error:
            raise WorkerLost(_first_line(error)) from error
        except TaskCancelledError as error:
            raise Cancelled("the work was cancelled") from error
        except SongreelError as error:
            # Ray makes the error of two classes, its own and ours, with arguments of its own.
            raise _plain(error) from error
        except RayTaskError:
            raise  # a mistake of ours
        except (RayError, RayServeException, ConnectionError) as error:
            raise ServiceUnavailable(
                f"the connection to Ray was lost: {_first_line(error)}"
            ) from error

    def cancel(self) -> None:
        """See `TaskFuture.cancel`."""
        self._response.cancel()


def _plain(error: SongreelError) -> SongreelError:
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, SongreelError) else error


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
