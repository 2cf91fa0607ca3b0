"""How many threads a training takes."""

from __future__ import annotations

import pytest
from songreel_identity.service import open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.jobs import TrainingJobs
from songreel_kit.work import CancelToken
from songreel_testing.identity.enrolled import enroll, made_up_stills, write_checkpoint

ANN = "projects/p/identities/ann"


def test_small_checkpoints_are_trained_on_one_thread_unless_it_is_set(tmp_path):
    class AskedError(Exception):
        pass

    class Recording:
        def train(self, task, check, save, report):
            threads.append(task.threads)
            raise AskedError

        def close(self):
            pass

    threads = []
    own = {"database": f"sqlite:///{tmp_path / 'vault.db'}", "keys": tmp_path / "keys"}
    checkpoint = write_checkpoint(tmp_path / "tiny")
    for changes in ({}, {"training_threads": 3}):
        chosen = IdentitySettings(**own, **changes)
        vault = open_vault(chosen)
        enroll(vault, ANN, made_up_stills())
        jobs = TrainingJobs(vault, chosen, Recording())
        with pytest.raises(AskedError):
            jobs.train(jobs.request(ANN, str(checkpoint)), lambda progress: None, CancelToken())
        vault.database.close()
    assert threads == [1, 3]
