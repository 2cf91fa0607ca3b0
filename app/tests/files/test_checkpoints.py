from pathlib import Path

import pytest
from songreel_app.errors import InputUnreadable
from songreel_app.files.checkpoints import (
    CHECKPOINT_VARIABLE,
    checkpoint_fingerprint,
    default_checkpoint,
    local_checkpoint,
)


def test_a_checkpoint_that_was_trained_on_has_another_mark(tmp_path: Path) -> None:
    weights = tmp_path / "sprout" / "unet" / "weights.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"one")
    folder = str(tmp_path / "sprout")
    before = checkpoint_fingerprint(folder)
    assert checkpoint_fingerprint(folder) == before
    weights.write_bytes(b"other")
    assert checkpoint_fingerprint(folder) != before
    assert checkpoint_fingerprint(str(tmp_path / "elsewhere")) == ""
    assert checkpoint_fingerprint(str(weights)) != ""


def test_the_setting_names_the_default_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tmp_path))
    assert default_checkpoint() == (tmp_path, CHECKPOINT_VARIABLE)


def test_the_default_checkpoint_of_a_checkout_is_the_repositorys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(CHECKPOINT_VARIABLE, raising=False)
    path, _ = default_checkpoint()
    assert path.name == "sprout"
    assert path.parent.name == "models"


def test_a_checkpoint_here_is_sent_as_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert local_checkpoint("mine", must_exist=True) == str(tmp_path / "mine")
    assert local_checkpoint("/models/theirs", must_exist=False) == "/models/theirs"
    with pytest.raises(InputUnreadable, match="does not exist"):
        local_checkpoint("theirs", must_exist=True)
