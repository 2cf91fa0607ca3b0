"""What a worker is sent and sends back: sealed, bound, and the same training."""

from __future__ import annotations

import dataclasses
import pickle
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel_identity.service import create_service, open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.ray.worker import TrainingWorker
from songreel_identity.training.tasks import TaskResult, TrainingTask, unpack
from songreel_identity.vault.records import TRAINING
from songreel_kit import errors
from songreel_kit.likeness.sealing import KeyPair
from songreel_testing.identity.enrolled import enroll, made_up_stills, write_checkpoint
from songreel_testing.identity.training_tasks import (
    ANN,
    RECIPE,
    needles_of,
    run,
    same_adapter,
    seen_in,
    task,
)
from songreel_testing.serving import expect_error, serving


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny")


def a_worker():
    """One that would not take the tests' process with it when nobody asks it any more."""
    return TrainingWorker("t", 60.0, lambda code: None)


# Assignments


@given(
    st.lists(st.binary(max_size=30), max_size=8),
    st.none() | st.binary(max_size=30),
    st.lists(st.floats(allow_nan=False, width=64), max_size=5),
)
def test_an_assignment_is_read_as_it_was_written(pictures, state, embedding):
    given = dataclasses.replace(
        task("checkpoint"), pictures=pictures, state=state, embedding=np.asarray(embedding)
    )
    read = TrainingTask.from_bytes(given.to_bytes())
    assert np.array_equal(read.embedding, given.embedding)
    bare = {"embedding": None}
    assert dataclasses.replace(read, **bare) == dataclasses.replace(given, **bare)


def test_half_a_document_is_not_taken():
    with pytest.raises(ValueError, match="its head says"):
        unpack(task("checkpoint").to_bytes()[:-1])


# The worker, without Ray


def converse(worker, given, keys=None):
    """As the service does; every message that crosses, pickled as Ray does."""
    keys = keys or KeyPair()
    crossed = []
    channel = keys.as_service(worker.public_key(), "t")
    call = (keys.public, channel.seal(given.to_bytes()))
    crossed.append(pickle.dumps(call))
    worker.begin(*call)
    have = 0
    plain = []
    while True:
        status = worker.status(have)
        crossed.append(pickle.dumps(status))
        if status.error is not None:
            raise status.error
        if status.sealed is not None:
            assert status.number > have
            have = status.number
            plain.append(channel.open(status.sealed))
        if status.done:
            return plain, b"".join(crossed)


def test_a_worker_learns_the_same_and_says_nothing_in_the_clear(checkpoint):
    given = task(checkpoint)
    expected, states = run(given)
    plain, crossed = converse(a_worker(), given)
    result = TaskResult.from_bytes(plain[-1])
    assert same_adapter(result.adapter, expected.adapter)
    assert len(plain) <= 1 + len(states)
    needles = needles_of(given, [result.adapter, expected.adapter, *states])
    assert seen_in(needles, given.to_bytes() + result.to_bytes())  # they would be found
    assert not seen_in(needles, crossed)


def test_a_worker_goes_on_from_a_state(checkpoint):
    given = task(checkpoint)
    expected, states = run(given)
    plain, _ = converse(a_worker(), given.from_state(states[0]))
    result = TaskResult.from_bytes(plain[-1])
    assert same_adapter(result.adapter, expected.adapter)
    assert result.resumed_from == 2


def test_a_worker_says_what_it_does_not_find_and_keeps_what_it_was_given(checkpoint):
    given = task(checkpoint)
    elsewhere = dataclasses.replace(given, checkpoint=checkpoint / "elsewhere")
    with pytest.raises(errors.CheckpointNotFound, match="every node") as caught:
        converse(a_worker(), elsewhere)
    assert caught.value.metadata == {"checkpoint": str(checkpoint / "elsewhere")}
    with pytest.raises(errors.AdapterMismatch, match="the same files"):
        converse(a_worker(), dataclasses.replace(given, checkpoint_sha256="00" * 32))
    with pytest.raises(errors.BadFrame):
        converse(a_worker(), dataclasses.replace(given, pictures=[b"no picture"]))


def test_an_error_that_holds_what_it_is_about_does_not_leave_the_worker(checkpoint, monkeypatch):
    given = task(checkpoint)

    def broken(data):
        raise UnicodeDecodeError("utf-8", given.pictures[0], 0, 1, "invalid start byte")

    monkeypatch.setattr("songreel_identity.training.tasks.decode_picture", broken)
    worker = a_worker()
    with pytest.raises(errors.InternalError, match="UnicodeDecodeError: 'utf-8'") as caught:
        converse(worker, given)
    assert not seen_in(needles_of(given, []), pickle.dumps([caught.value, worker.status(0)]))


def test_a_worker_that_hears_nothing_any_more_ends():
    left = threading.Event()
    worker = TrainingWorker("t", 3.0, lambda code: left.set())
    until = time.monotonic() + 4.0
    while time.monotonic() < until:
        worker.status(0)
        assert not left.is_set()
    assert left.wait(30)


# The service


@pytest.fixture
def on_ray(tmp_path):
    return IdentitySettings(
        database=f"sqlite:///{tmp_path / 'vault.db'}",
        keys=tmp_path / "keys",
        training_small=RECIPE,
        training_backend="ray",
    )


async def test_without_ray_the_service_serves_and_a_training_says_what_to_install(
    on_ray, checkpoint, monkeypatch
):
    monkeypatch.setitem(sys.modules, "songreel_identity.training.ray.backend", None)
    vault = open_vault(on_ray)
    enroll(vault, ANN, made_up_stills())
    async with serving(create_service(on_ray)) as channel:
        stub = IdentityServiceStub(channel)
        assert (await stub.GetIdentity(pb.GetIdentityRequest(identity=ANN))).pictures == 7
        with expect_error(errors.FailedPrecondition) as caught:
            async for _ in stub.TrainAdapter(
                pb.TrainAdapterRequest(identity=ANN, checkpoint=str(checkpoint))
            ):
                pass
    assert vault.list_objects(ANN, TRAINING) == []
    assert "songreel[identity,ray]" in caught.error.message


def test_only_addresses_of_rays_client_are_taken():
    # A process that joins a cluster as a node of it ends when the cluster does.
    with pytest.raises(ValueError, match="ray://"):
        IdentitySettings(training_ray_address="head:6379")
