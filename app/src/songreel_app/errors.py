"""Errors of the command line, and how they are printed.

The tree extends `songreel_kit.errors`:

    SongreelError
      InvalidRequest
        InputUnreadable      an input file cannot be read
      FailedPrecondition
        DataFolderBusy       another server uses the data folder
        OutputUnwritable     the output folder cannot be written to
      ServiceUnavailable
        ServerNotStarted     the embedded server did not start
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
    """An input file is missing, a folder, or not readable."""


class OutputUnwritable(FailedPrecondition):
    """The output folder cannot be made or written to."""


class DataFolderBusy(FailedPrecondition):
    """Another server uses the data folder."""


class ServerNotStarted(ServiceUnavailable):
    """The embedded server ended before it answered."""


def error_line(error: SongreelError) -> str:
    """The error as one line, for example `error: ... [NOT_AUDIO]`."""
    message = " ".join(error.message.split())
    return f"error: {message} [{error.reason}]"


def error_json(error: SongreelError) -> str:
    """The error for scripts: `{"error": {"code", "reason", "message", "metadata"}}`."""
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
