"""What can go wrong on the user's side of the wire, and how it is told.

The tree goes on from `songreel_kit.errors`:

    SongreelError
      InvalidRequest
        InputUnreadable      a file named on the command line cannot be read
      FailedPrecondition
        DataFolderBusy       another server works in the data folder
        OutputUnwritable     the place for the result cannot be written to
      ServiceUnavailable
        ServerNotStarted     the embedded server did not come up
"""

import json
from pathlib import Path
from typing import Any

from songreel_kit.errors import (
    FailedPrecondition,
    InvalidRequest,
    ServiceUnavailable,
    SongreelError,
)


class InputUnreadable(InvalidRequest):
    """A file named on the command line is missing, a folder or not ours to read."""


class OutputUnwritable(FailedPrecondition):
    """The folder of the result cannot be made or is not ours to write to."""


class DataFolderBusy(FailedPrecondition):
    """Another server works in the data folder."""


class ServerNotStarted(ServiceUnavailable):
    """The embedded server ended before it answered."""


def error_line(error: SongreelError) -> str:
    """The one line that a user sees, for example `error: ... [NOT_AUDIO]`."""
    message = " ".join(error.message.split())
    return f"error: {message} [{error.reason}]"


def error_json(error: SongreelError) -> str:
    """The same for scripts: `{"error": {"code", "reason", "message", "metadata"}}`."""
    fields: dict[str, Any] = {
        "code": error.code.name,
        "reason": error.reason,
        "message": error.message,
        "metadata": dict(error.metadata),
    }
    return json.dumps({"error": fields}, ensure_ascii=False, sort_keys=True)


def check_input(path: Path, what: str) -> None:
    """Raises InputUnreadable unless `path` is a file that can be read."""
    if path.is_dir():
        raise InputUnreadable(f"{what} {path} is a folder; name a file in it")
    try:
        with path.open("rb") as file:
            file.read(1)
    except FileNotFoundError:
        raise InputUnreadable(f"{what} {path} does not exist; check the path") from None
    except OSError as error:
        raise InputUnreadable(f"{what} {path} cannot be read: {error.strerror}") from None
