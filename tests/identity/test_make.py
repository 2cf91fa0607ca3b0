"""`songreel make --identity` and `songreel evaluate identity`, on real files."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml
from songreel_identity.service import open_vault
from songreel_identity.settings import IdentitySettings
from songreel_testing.identity.enrolled import enroll, made_up_stills
from songreel_testing.render.click_track import write_song
from songreel_testing.render.tiny_checkpoint import write_checkpoint

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

COMMAND = str(Path(sysconfig.get_path("scripts")) / "songreel")


@pytest.fixture
def installation(tmp_path, monkeypatch):
    """The command in a folder of its own, where ann of this machine's project is enrolled."""
    monkeypatch.setattr("songreel_testing.render.tiny_checkpoint.TOKENS", 77)  # every letter is one
    environment = os.environ | {
        "SONGREEL_DATA": str(tmp_path / "data"),
        "SONGREEL_RENDER_CHECKPOINT": str(write_checkpoint(tmp_path / "tiny")),
        "SONGREEL_IDENTITY_TRAINING_SMALL__STEPS": "2",
        "SONGREEL_IDENTITY_TRAINING_SMALL__RANK": "2",
        "SONGREEL_IDENTITY_TRAINING_SMALL__VARIANTS": "1",
        "SONGREEL_IDENTITY_TRAINING_SMALL__PRIOR_PICTURES": "1",
        "SONGREEL_IDENTITY_TRAINING_SMALL__TRIAL_PICTURES": "1",
    }
    folder = tmp_path / "data"
    settings = IdentitySettings(
        database=f"sqlite:///{folder / 'identity' / 'vault.db'}", keys=folder / "identity-keys"
    )
    vault = open_vault(settings)
    enroll(vault, "projects/local/identities/ann", made_up_stills())
    write_song(tmp_path / "song.mp3", 4.0)

    def run(*arguments):
        return subprocess.run(
            [COMMAND, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    return tmp_path, vault, run


def test_an_enrolled_person_is_made_part_of_the_video_and_a_stranger_is_not(installation):
    folder, vault, run = installation
    small = ("--size", "64", "--fps", "6", "--protagonist-share", "1")
    made = run("make", "song.mp3", "-o", "v.mp4", "--identity", "ann", "--as", "man", *small)
    assert made.returncode == 0, made.stderr
    board = yaml.safe_load((folder / "v.storyboard.yaml").read_text())
    shown = [scene for scene in board["scenes"] if scene.get("protagonist")]
    assert shown
    assert all("sks man" in scene["prompt"] for scene in shown)
    assert not any(
        "sks" in scene["prompt"] for scene in board["scenes"] if not scene.get("protagonist")
    )
    told = run("inspect", "v.mp4", "--json")
    consent = vault.valid_consent("projects/local/identities/ann").id
    assert json.loads(told.stdout)["facts"]["consent_ids"] == [consent]

    measured = run("evaluate", "identity", "v.mp4", "--identity", "ann", "--json")
    assert measured.returncode == 0, measured.stderr
    facts = json.loads(measured.stdout)
    assert facts["frames"] > 0
    assert facts["matches"] <= facts["faces"] <= facts["frames"]
    # Every second one of 24: at most 16 are measured.
    assert facts["frames"] == 24
    assert "recognised in 0% of 12 frames" in made.stdout.splitlines()

    stranger = run("make", "song.mp3", "-o", "w.mp4", "--identity", "bob", *small)
    assert stranger.returncode == 1
    assert "record a consent" in stranger.stderr
    foreign = run("make", "song.mp3", "-o", "w.mp4", "--identity", "projects/q/identities/ann")
    assert foreign.returncode == 1
    assert "another project" in foreign.stderr
    vault.withdraw("projects/local/identities/ann")
    gone = run("make", "song.mp3", "-o", "w.mp4", "--identity", "ann", "--as", "man", *small)
    assert gone.returncode == 1
    assert "withdrawn the consent" in gone.stderr
    assert not (folder / "w.mp4").exists()


def test_erasure_with_videos_leaves_nothing_in_the_data_folder(installation):
    folder, vault, run = installation
    name = "projects/local/identities/annabelle"
    enroll(vault, name, made_up_stills())
    data = folder / "data"

    def pictures() -> set[Path]:
        """Films, stills, sheets: every file of the folder that begins like one."""
        return {path for path in files(data) if is_picture(path)}

    small = ("--size", "64", "--fps", "6", "--protagonist-share", "1")
    other = run("make", "song.mp3", "-o", "other.mp4", *small)
    assert other.returncode == 0, other.stderr
    without = pictures()
    person = ("--identity", "annabelle", "--as", "woman")
    made = run("make", "song.mp3", "-o", "v.mp4", *person, *small)
    assert made.returncode == 0, made.stderr
    assert pictures() > without
    film = (folder / "v.mp4").read_bytes()
    assert any(path.read_bytes() == film for path in files(data))
    erased = run("identity", "erase", "annabelle", "--videos", "--yes", "--json")
    assert erased.returncode == 0, erased.stderr
    assert json.loads(erased.stdout)["videos"] == 1
    assert pictures() == without
    for path in files(data):
        assert b"annabelle" not in path.read_bytes(), path
        assert "annabelle" not in path.name


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def is_picture(path: Path) -> bool:
    start = path.read_bytes()[:12]
    return start[4:8] == b"ftyp" or start.startswith(b"\x89PNG")
