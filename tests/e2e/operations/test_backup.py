"""A data folder backed up and restored with the very commands of docs/operate/backup.md."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from songreel_identity.service import open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.vault.consent import current_text
from songreel_identity.vault.records import PICTURE
from songreel_identity.vault.vault import Vault
from songreel_kit.errors import VaultUnusable

from ..conftest import Workspace
from ..songs import band, write_song

PAGE = Path(__file__).resolve().parents[3] / "docs/operate/backup.md"
ANN, BEN = "projects/local/identities/ann", "projects/local/identities/ben"


def commands() -> list[str]:
    """The page's two blocks for one machine: to back up, and to restore."""
    section = PAGE.read_text().split("\n## One machine\n")[1].split("\n## ")[0]
    return re.findall(r"^```\n(.*?)^```$", section, re.M | re.S)


def carry_out(workspace: Workspace, script: str) -> None:
    """In a folder beside the data folder."""
    subprocess.run(
        ["/bin/sh", "-eu", "-c", script],
        cwd=workspace.folder,
        env=os.environ | {"SONGREEL_DATA": str(workspace.data)},
        check=True,
    )


def vault_of(workspace: Workspace) -> Vault:
    keys, database = workspace.data / "identity-keys", workspace.data / "identity" / "vault.db"
    return open_vault(IdentitySettings(keys=keys, database=f"sqlite:///{database}"))


def audit_log(workspace: Workspace, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "songreel_identity", "verify", *options],
        env=os.environ | {"SONGREEL_DATA": str(workspace.data)},
        capture_output=True,
        text=True,
        check=False,
    )


def keep(vault: Vault, name: str, picture: bytes) -> None:
    text = current_text()
    vault.put(vault.record_consent(name, text.version, text.sha256), PICTURE, picture)


def kept(vault: Vault, name: str) -> list[bytes]:
    return [vault.get(name, each) for each in vault.list_objects(name, PICTURE)]


@pytest.mark.slow
def test_what_was_backed_up_is_all_there_again(workspace: Workspace, tmp_path: Path) -> None:
    song, video = tmp_path / "song.mp3", tmp_path / "video.mp4"
    write_song(song, band(2.0), "mp3")
    with workspace.serving():
        made = workspace.make(song, video)
    vault = vault_of(workspace)
    keep(vault, ANN, b"ann")
    vault.database.close()

    back_up, restore = commands()
    carry_out(workspace, back_up)
    vault = vault_of(workspace)
    keep(vault, BEN, b"ben")
    later = vault.erase(BEN).audit_head
    vault.database.close()
    assert audit_log(workspace, "--head", later).returncode == 0
    shutil.rmtree(workspace.data)
    carry_out(workspace, restore)

    drawn = video.read_bytes()
    video.unlink()
    with workspace.serving():
        assert workspace.make(song, video)["operation"] == made["operation"]
        jobs = json.loads(workspace.run("jobs", "--json").stdout)["jobs"]
    assert len(jobs) == 1
    assert video.read_bytes() == drawn
    assert kept(vault_of(workspace), ANN) == [b"ann"]
    assert "whole" in audit_log(workspace).stdout
    # The log of the backup ends before this erasure, and says so.
    assert audit_log(workspace, "--head", later).returncode == 1


def test_a_vault_without_its_keys_stays_closed(workspace: Workspace) -> None:
    vault = vault_of(workspace)
    keep(vault, ANN, b"ann")
    vault.database.close()
    back_up, restore = commands()
    carry_out(workspace, back_up)
    shutil.rmtree(workspace.data)
    carry_out(workspace, "".join(line for line in restore.splitlines(True) if "keys" not in line))
    assert not (workspace.data / "identity-keys").exists()
    with pytest.raises(VaultUnusable):
        kept(vault_of(workspace), ANN)
    shutil.rmtree(workspace.data / "identity-keys")
    carry_out(workspace, restore)
    assert kept(vault_of(workspace), ANN) == [b"ann"]
