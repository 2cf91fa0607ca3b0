"""`make check` notices what would break the clients of the last release."""

from pathlib import Path

import lint
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    lint.lay_workspace(tmp_path)
    return tmp_path


def change(workspace: Path, old: str, new: str) -> None:
    file = workspace / "songreel" / "v1" / "media.proto"
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def test_a_removed_and_a_retyped_field_are_found(workspace: Path) -> None:
    change(workspace, "  string display_name = 3;\n", "")
    change(workspace, "  string name = 1;\n", "  bytes name = 1;\n")
    found = lint.breaking(workspace)
    assert found.returncode != 0
    assert '"3" with name "display_name"' in found.stdout
    assert '"1" with name "name"' in found.stdout


def test_an_added_field_breaks_nothing(workspace: Path) -> None:
    added = "  string display_name = 3;\n  string colour = 99;\n"
    change(workspace, "  string display_name = 3;\n", added)
    found = lint.breaking(workspace)
    assert (found.returncode, found.stdout) == (0, "")
