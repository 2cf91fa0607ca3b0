"""The command and the server where people enrol."""

import json
import signal
import urllib.request

from .conftest import Workspace


def test_enroll_serves_the_page_with_the_vault_behind_it(workspace: Workspace) -> None:
    process = workspace.start("enroll", "ann", "--no-browser", "--json")
    assert process.stdout is not None
    page = json.loads(process.stdout.readline())["page"]
    assert page.endswith("/enroll?identity=ann")
    with urllib.request.urlopen(page) as answer:
        assert b"/enroll/enroll.js" in answer.read()
    root = page.partition("/enroll")[0] + "/v1/projects/local"
    with urllib.request.urlopen(f"{root}/consentText") as answer:
        text = json.load(answer)
    agreed = urllib.request.Request(
        f"{root}/identities/ann:recordConsent",
        json.dumps({"version": text["version"], "textSha256": text["sha256"]}).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(agreed).close()
    with urllib.request.urlopen(f"{root}/identities") as answer:
        assert [each["state"] for each in json.load(answer)["identities"]] == ["STATE_CONSENTED"]
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert (workspace.data / "identity" / "vault.db").exists()


def test_enroll_refuses_a_name_that_cannot_be_one(workspace: Workspace) -> None:
    done = workspace.run("enroll", "Ann B.", "--no-browser")
    assert done.returncode == 1
    assert "identities" in done.stderr
