"""Training on a real Ray of this machine, whose workers are killed, and what it gets to see."""

from __future__ import annotations

import dataclasses
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from songreel_identity.service import open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.jobs import TrainingJobs
from songreel_identity.training.layers import read_state
from songreel_identity.vault.records import ADAPTER, TRAINING
from songreel_kit import errors
from songreel_kit.likeness.adapters import read_head
from songreel_kit.work import CancelToken
from songreel_testing.identity.enrolled import enroll, made_up_stills, write_checkpoint
from songreel_testing.identity.training_tasks import (
    ANN,
    LENGTH,
    RECIPE,
    needles_of,
    run,
    same_adapter,
    seen_in,
    task,
)
from songreel_testing.ray_processes import all_ended, descendants, ray_files

on_ray = pytest.importorskip(
    "songreel_identity.training.ray.backend", reason="no songreel-identity[ray]"
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    # Ray about itself and about pydantic.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
PATIENT = dataclasses.replace(RECIPE, steps=400)


def workers():
    """Processes of this one's Ray that train."""
    return [each for each, line in descendants().items() if "TrainingWorker" in line]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="module")
def backend():
    before = set(descendants())
    yield on_ray.RayTrainingBackend(IdentitySettings(training_backend="ray"))
    left = set(descendants()) - before
    assert all_ended(left), f"Ray left {left}"


@pytest.fixture
def settings(tmp_path):
    return IdentitySettings(
        database=f"sqlite:///{tmp_path / 'vault.db'}",
        keys=tmp_path / "keys",
        watch_seconds=0.01,
        training_small=PATIENT,
        training_threads=1,
        training_backend="ray",
    )


def ignore(*_):
    pass


class Recorded:
    """A worker's handle that keeps what passes through it."""

    def __init__(self, worker, seen):
        self.worker, self._seen = worker, seen

    def __getattr__(self, name):
        method = getattr(self.worker, name)

        def remote(*sent):
            self._seen.append(pickle.dumps(sent))
            return method.remote(*sent)

        return SimpleNamespace(remote=remote)


def test_the_same_adapter_and_ray_sees_nothing_in_the_clear(backend, checkpoint, monkeypatch):
    given = task(checkpoint, size=512)
    expected, states = run(given)
    crossed = []
    ours = backend._workers
    make, get, end = ours.worker, on_ray.ray.get, ours.end

    def recorded_get(reference):
        crossed.append(pickle.dumps(get(reference)))
        return pickle.loads(crossed[-1])

    monkeypatch.setattr(ours, "worker", lambda *a: Recorded(make(*a), crossed))
    monkeypatch.setattr(ours, "end", lambda recorded: end(recorded.worker))
    monkeypatch.setattr(on_ray.ray, "get", recorded_get)
    files = {}
    close = ours.close

    def look_and_close():
        if ours._cluster._folder is not None:
            files.update(ray_files(ours._cluster._folder))
        close()

    monkeypatch.setattr(ours, "close", look_and_close)
    saved, told = [], []
    result = backend.train(given, ignore, saved.append, lambda p: told.append((p.step, p.fraction)))
    monkeypatch.undo()
    assert len(files) > 5
    assert all_ended(descendants())

    assert same_adapter(result.adapter, expected.adapter)
    assert told[0][0] == "queue"
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)

    needles = needles_of(given, [result.adapter, expected.adapter, *saved, *states])
    assert len(needles) > 300
    assert not seen_in(needles, b"".join(crossed))
    largest = max(crossed, key=len)
    assert len(largest) > 200_000
    sealed = largest[len(largest) // 2 :][:LENGTH]
    places = {}
    for name, data in files.items():
        assert not seen_in(needles, data), name
        places[name] = sealed in data
    # The sealed pictures do lie in shared memory, so this is where the others would have been.
    assert [name for name, found in places.items() if found and "plasma" in name], places
    assert all_ended(workers())


def test_a_killed_worker_is_replaced_and_goes_on(backend, checkpoint, caplog):
    given = task(checkpoint, dataclasses.replace(RECIPE, steps=30))
    expected, _ = run(given)
    killed = []

    def kill_once(state):
        if not killed:
            [worker] = workers()
            worker.kill()
            killed.append(read_state(state)[1]["step"])

    fractions = []
    result = backend.train(given, ignore, kill_once, lambda p: fractions.append(p.fraction))
    assert killed
    assert result.resumed_from >= killed[0]
    assert same_adapter(result.adapter, expected.adapter)
    assert fractions == sorted(fractions)
    assert len([each for each in caplog.records if "a worker was lost" in str(each.msg)]) == 1
    assert all_ended(workers())


def test_errors_of_workers_arrive_as_they_are(backend, checkpoint):
    given = task(checkpoint)
    elsewhere = dataclasses.replace(given, checkpoint=checkpoint / "elsewhere")
    with pytest.raises(errors.CheckpointNotFound, match="every node"):
        backend.train(elsewhere, ignore, ignore, ignore)
    with pytest.raises(errors.AdapterMismatch):
        backend.train(
            dataclasses.replace(given, checkpoint_sha256="00" * 32), ignore, ignore, ignore
        )
    assert all_ended(workers())


def test_workers_lost_again_and_again_end_it_and_cancel_and_withdrawal_end_the_worker(
    backend, checkpoint, settings, monkeypatch
):
    vault = open_vault(settings)
    enroll(vault, ANN, made_up_stills())
    training_jobs = TrainingJobs(vault, settings, backend)
    request = training_jobs.request(ANN, str(checkpoint))

    def kept():
        found = vault.list_objects(ANN, TRAINING)
        return read_state(vault.get(ANN, found[0]))[1]["step"] if found else 0

    def kill(progress):
        for each in workers() if progress.step != "queue" else ():
            each.kill()

    with pytest.raises(errors.ServiceUnavailable, match="ask again") as caught:
        training_jobs.train(request, kill, CancelToken())
    assert caught.value.retry_seconds

    token = CancelToken()

    def cancel(progress):
        if kept() >= 4:
            token.cancel()

    with pytest.raises(errors.Cancelled):
        training_jobs.train(request, cancel, token)
    assert all_ended(workers())
    before = kept()
    assert before >= 4

    fractions, withdrawn = [], []

    def withdraw(progress):
        fractions.append(progress.fraction)
        if progress.step == "train" and progress.fraction > before / 400:
            withdrawn.append(vault.withdraw(ANN))

    with pytest.raises(errors.ConsentWithdrawn):
        training_jobs.train(request, withdraw, CancelToken())
    assert min(each for each in fractions if each) >= before / 400  # not from the beginning
    assert all_ended(workers())
    assert withdrawn[0].objects == 15  # pictures, embeddings, and the training's state
    assert vault.erase(ANN).objects == 0


SERVICE = """
import sys
from pathlib import Path
from songreel_identity.service import open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.jobs import TrainingJobs
from songreel_identity.vault.records import TRAINING
from songreel_kit.work import CancelToken
settings = IdentitySettings.model_validate_json(Path(sys.argv[1]).read_text())
vault = open_vault(settings)
jobs = TrainingJobs(vault, settings)
def report(progress):
    if vault.list_objects(sys.argv[2], TRAINING):
        print("kept", flush=True)
jobs.train(jobs.request(sys.argv[2], sys.argv[3]), report, CancelToken())
"""


def test_a_killed_service_takes_its_workers_along_and_goes_on(
    backend, checkpoint, settings, tmp_path
):
    # Long enough to be killed in the middle, and then to be waited for.
    settings = settings.model_copy(
        update={"training_small": dataclasses.replace(RECIPE, steps=100)}
    )
    vault = open_vault(settings)
    enroll(vault, ANN, made_up_stills())
    told = tmp_path / "settings.json"
    told.write_text(settings.model_dump_json(exclude_none=True))
    with subprocess.Popen(
        [sys.executable, "-c", SERVICE, str(told), ANN, str(checkpoint)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as service:
        try:
            lines = []
            for line in service.stdout:
                lines.append(line)
                if line == "kept\n":
                    break
            else:
                pytest.fail("".join(lines))
            started = descendants(psutil.Process(service.pid))
            holding = [each for each, line in started.items() if "TrainingWorker" in line]
            assert holding
        finally:
            service.send_signal(signal.SIGKILL)
    assert all_ended(holding)

    training_jobs = TrainingJobs(vault, settings, backend)
    result = training_jobs.train(training_jobs.request(ANN, str(checkpoint)), ignore, CancelToken())
    assert result.resumed_from >= 2
    [stored] = vault.list_objects(ANN, ADAPTER)
    assert read_head(vault.get(ANN, stored)).step == result.head.step


def test_a_ray_that_is_away_is_told_and_nothing_is_trained_here(checkpoint, settings, monkeypatch):
    """Another process, because one process can be in one Ray only."""
    away = settings.model_copy(update={"training_ray_address": "ray://127.0.0.1:1"})
    vault = open_vault(away)
    enroll(vault, ANN, made_up_stills())
    told = Path(away.database.removeprefix("sqlite:///")).with_name("settings.json")
    told.write_text(away.model_dump_json(exclude_none=True))
    ended = subprocess.run(
        [sys.executable, "-c", SERVICE, str(told), ANN, str(checkpoint)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode
    assert "ServiceUnavailable: Ray at ray://127.0.0.1:1 cannot be reached" in ended.stderr
    assert vault.list_objects(ANN, TRAINING) == vault.list_objects(ANN, ADAPTER) == []
