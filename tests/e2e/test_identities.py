"""`songreel identity`: who is enrolled, withdrawal and erasure without the page."""

import json
from pathlib import Path

from songreel_identity.service import open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.vault.records import PICTURE
from songreel_testing.identity.enrolled import enroll, made_up_stills

from .conftest import Workspace

ANN, BEN = (f"projects/local/identities/{name}" for name in ("ann", "ben"))


def test_people_without_the_page_list_withdraw_and_erase(workspace: Workspace) -> None:
    vault = open_vault(settings(workspace.data))
    for name in (ANN, BEN):
        enroll(vault, name, made_up_stills())
    with workspace.serving():
        listed = json.loads(workspace.run("identity", "list", "--json").stdout)["identities"]
        assert [(each["name"], each["pictures"]) for each in listed] == [(ANN, 7), (BEN, 7)]

        unsure = workspace.run("identity", "withdraw", "ann")  # nobody there to answer
        assert unsure.returncode == 1
        assert "destroy the pictures" in unsure.stderr
        assert len(vault.list_objects(ANN, PICTURE)) == 7

        withdrawn = workspace.run("identity", "withdraw", "ann", "--yes")
        assert withdrawn.returncode == 0, withdrawn.stderr
        assert vault.list_objects(ANN, PICTURE) == []
        assert len(vault.list_objects(BEN, PICTURE)) == 7

        erased = json.loads(workspace.run("identity", "erase", "ben", "--yes", "--json").stdout)
        assert erased["objects"] == 14
        table = workspace.run("identity", "list").stdout
        assert "withdrawn" in table
        assert "ben" not in table
        gone = workspace.run("identity", "erase", "ben", "--yes")
        assert gone.returncode == 1
        assert "there is no" in gone.stderr
    vault.database.close()


def settings(data: Path) -> IdentitySettings:
    return IdentitySettings(
        database=f"sqlite:///{data / 'identity' / 'vault.db'}", keys=data / "identity-keys"
    )
