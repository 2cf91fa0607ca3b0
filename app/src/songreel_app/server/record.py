"""`server.json` in the data folder: which server holds it and where it listens."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

FILE_NAME = "server.json"


@dataclass(frozen=True)
class ServerRecord:
    """A server that was listening when the record was written."""

    address: str
    """`host:port` to dial."""
    port: int
    pid: int
    page: str = ""
    """URL of the enrolment page; empty where none is served."""
    render: str = "process"
    """Where it draws: "process" or "ray"."""

    @property
    def alive(self) -> bool:
        """Whether a process of this id exists; it may be another by now."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def write_record(data: Path, record: ServerRecord) -> None:
    """Writes the record whole or not at all."""
    draft = data / f".{FILE_NAME}.{record.pid}"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(record)) + "\n")
    draft.replace(data / FILE_NAME)


def read_record(data: Path) -> ServerRecord | None:
    """The record, or None where there is none that can be read."""
    try:
        return parse_record((data / FILE_NAME).read_text())
    except OSError:
        return None


def parse_record(text: str) -> ServerRecord | None:
    """A record from its JSON, or None when it is something else."""
    try:
        fields = cast("dict[str, Any]", json.loads(text))
        return ServerRecord(
            str(fields["address"]),
            int(fields["port"]),
            int(fields["pid"]),
            page=str(fields.get("page", "")),
            render=str(fields.get("render", "process")),
        )
    except (ValueError, KeyError, TypeError):
        return None


def remove_record(data: Path, pid: int) -> None:
    """Removes the record if it is still the one of process `pid`."""
    record = read_record(data)
    if record is not None and record.pid == pid:
        (data / FILE_NAME).unlink(missing_ok=True)
