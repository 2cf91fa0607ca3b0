import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from songreel_app.server.embedded import check_backend
from songreel_app.server.record import (
    ServerRecord,
    parse_record,
    read_record,
    remove_record,
    write_record,
)
from songreel_app.server.target import ServerTarget
from songreel_kit.errors import FailedPrecondition


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = ServerRecord("127.0.0.1:4711", 4711, os.getpid())
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record
    assert record.alive
    [file] = tmp_path.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("server.json", 0o600)


def test_only_its_own_server_removes_a_record(tmp_path: Path) -> None:
    write_record(tmp_path, ServerRecord("127.0.0.1:4711", 4711, 1))
    remove_record(tmp_path, 2)
    assert read_record(tmp_path) is not None
    remove_record(tmp_path, 1)
    assert read_record(tmp_path) is None


def test_the_record_of_a_dead_process_is_known_as_such() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not ServerRecord("127.0.0.1:4711", 4711, child.pid).alive


def test_a_server_that_draws_elsewhere_is_not_taken_for_the_one_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = ServerRecord("127.0.0.1:4711", 4711, os.getpid(), render="ray")
    assert parse_record(json.dumps(asdict(record))) == record
    monkeypatch.delenv("SONGREEL_RENDER_BACKEND", raising=False)
    check_backend(record, ServerTarget(tmp_path).wanted_backend)
    check_backend(record, ServerTarget(tmp_path, backend="ray").wanted_backend)
    monkeypatch.setenv("SONGREEL_RENDER_BACKEND", "process")
    with pytest.raises(FailedPrecondition, match="--render ray, not process"):
        check_backend(record, ServerTarget(tmp_path).wanted_backend)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"address": "x"}', '{"error": {}}'])
def test_anything_else_is_no_record(text: str) -> None:
    assert parse_record(text) is None
