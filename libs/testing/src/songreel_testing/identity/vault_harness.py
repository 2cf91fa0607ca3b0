"""A vault in a folder, with a clock that can be moved."""

from __future__ import annotations

import hashlib

import numpy as np
import sqlalchemy as sa
from songreel_identity.enrollment.frame_pipeline import Still
from songreel_identity.enrollment.sessions import EnrollmentSessions
from songreel_identity.grants import Grants
from songreel_identity.liveness.protocol import Outcome, Reason, Verdict
from songreel_identity.vault.consent import current_text
from songreel_identity.vault.database import open_database
from songreel_identity.vault.keys import FileKeys, signing_key
from songreel_identity.vault.tables import audit as audit_table
from songreel_identity.vault.vault import Vault
from songreel_kit.database.times import microseconds

ANN = "projects/p/identities/ann"
BEN = "projects/q/identities/ann"
JOB = "ab" * 32
PASSED = Outcome(Verdict.PASS, Reason.OK)
FAILED = Outcome(Verdict.FAIL, Reason.NO_ANSWER)


class VaultHarness:
    """A vault with its parts and a clock that can be moved."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "vault.db"
        self.at = microseconds()
        self.database = open_database(f"sqlite:///{self.file}")
        self.keys = FileKeys(folder / "keys" / "vault.json")
        self.text = current_text()
        self.vault = Vault(self.database, self.keys, self.text, now=lambda: self.at)
        self.enrollment_sessions = EnrollmentSessions(self.vault)
        self.grants = Grants(self.vault, signing_key(folder / "keys" / "grant.pem"))

    def consent(self, name=ANN):
        return self.vault.record_consent(name, self.text.version, self.text.sha256)

    def later(self, seconds):
        self.at += round(seconds * 1_000_000)

    def enroll(self, name=ANN, outcome=PASSED):
        nonce, _ = self.enrollment_sessions.open(name)
        session = self.enrollment_sessions.begin(nonce)
        self.later(1)
        stills = pictures() if outcome is PASSED else []
        self.enrollment_sessions.end(session, outcome, stills)
        self.later(1)
        return stills

    def log(self):
        return self.database.run(
            lambda c: [
                (row.event, row.detail)
                for row in c.execute(sa.select(audit_table).order_by(audit_table.c.sequence))
            ]
        )

    def bytes_on_disk(self):
        return b"".join(path.read_bytes() for path in self.folder.glob("vault.db*"))


def pictures():
    stills = []
    for n in range(7):
        jpeg = b"\xff\xd8 picture %d" % n + bytes(range(256)) * 20
        stills.append(Still(jpeg, hashlib.sha256(jpeg).hexdigest(), np.full(128, n / 10)))
    return stills
