"""Training an adapter as a job: its stops and starts, and what the vault keeps of it."""

from __future__ import annotations

import asyncio
import dataclasses
import json

import cv2
import grpc.aio
import numpy as np
import pytest
import sqlalchemy as sa
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel_identity.faces.recognition import FaceRecogniser
from songreel_identity.service import create_service, open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.layers import read_state
from songreel_identity.training.recipe import TrainingRecipe
from songreel_identity.vault.records import ADAPTER, TRAINING
from songreel_identity.vault.tables import audit
from songreel_kit import errors
from songreel_kit.likeness.adapters import read_head
from songreel_testing.identity.enrolled import consent, enroll, made_up_stills, write_checkpoint
from songreel_testing.serving import expect_error, serving

ANN = "projects/p/identities/ann"
RECIPE = TrainingRecipe(
    noun="woman", steps=4, rank=2, batch=1, variants=1, prior_pictures=1, every=2,
    trial_pictures=1, rate=1e-2, warmup=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny")


# Through the service


@pytest.fixture
def service_settings(tmp_path):
    return IdentitySettings(
        database=f"sqlite:///{tmp_path / 'vault.db'}",
        keys=tmp_path / "keys",
        watch_seconds=0.01,
        training=RECIPE,
        training_small=RECIPE,
        training_threads=1,
    )


async def trained(stub, checkpoint, **more):
    request = pb.TrainAdapterRequest(identity=ANN, checkpoint=str(checkpoint), **more)
    events = [event async for event in stub.TrainAdapter(request)]
    return events[-1].result, [event.progress for event in events[:-1]]


async def test_an_adapter_is_trained_sealed_bound_and_found_again(
    service_settings, checkpoint, tmp_path
):
    vault = open_vault(service_settings)
    enroll(vault, ANN, made_up_stills())
    async with serving(create_service(service_settings)) as channel:
        stub = IdentityServiceStub(channel)
        result, progress = await trained(stub, checkpoint)
        shares = [each.fraction for each in progress]
        assert shares == sorted(shares)
        assert result.phrase == "sks woman"
        assert not result.reused
        assert result.step == result.steps == 4
        assert 0 < result.distance <= 1

        [stored] = vault.list_objects(ANN, ADAPTER)
        assert stored.sha256 == result.adapter_sha256
        data = vault.get(ANN, stored)
        assert read_head(data).pictures_sha256 == result.pictures_sha256
        assert vault.list_objects(ANN, TRAINING) == []
        on_disk = b"".join(path.read_bytes() for path in tmp_path.glob("vault.db*"))
        assert b"lora_A" not in on_disk
        assert data[-200:] not in on_disk

        again, _ = await trained(stub, checkpoint)
        assert again.reused
        assert again.adapter_sha256 == result.adapter_sha256
        assert again.distance == result.distance

        # New pictures are another person to the trainer; the old adapter goes with the old ones.
        enroll(vault, ANN, made_up_stills(seed=5))
        assert vault.list_objects(ANN, ADAPTER) == []

        with expect_error(errors.AdapterMismatch):
            await trained(stub, checkpoint, checkpoint_sha256="00" * 32)
        last = vault.database.run(
            lambda connection: connection.execute(
                sa.select(audit).order_by(audit.c.sequence.desc()).limit(1)
            ).one()
        )
        assert (last.event, json.loads(last.detail)["reason"]) == (
            "refuse-train",
            "ADAPTER_MISMATCH",
        )
        with expect_error(errors.CheckpointNotFound):
            await trained(stub, checkpoint / "nothing")
        with expect_error(errors.InvalidRequest):
            await trained(stub, checkpoint, noun="a man, nude")


async def begun_when_free(call):
    """The events of a call that is begun again while the one before still holds the slot."""
    async with asyncio.timeout(30):
        while True:
            events = aiter(call())
            try:
                first = await anext(events)
                break
            except grpc.aio.AioRpcError as error:
                if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise
    yield first
    async for event in events:
        yield event


async def test_a_training_that_is_cancelled_goes_on_and_one_without_consent_does_not(
    service_settings, checkpoint
):
    patient = dataclasses.replace(RECIPE, steps=400)
    service_settings = service_settings.model_copy(update={"training_small": patient})
    vault = open_vault(service_settings)
    request = pb.TrainAdapterRequest(identity=ANN, checkpoint=str(checkpoint))
    async with serving(create_service(service_settings)) as channel:
        stub = IdentityServiceStub(channel)
        with expect_error(errors.IdentityNotFound):
            await trained(stub, checkpoint)
        consent(vault, ANN)
        with expect_error(errors.NotEnrolled):
            await trained(stub, checkpoint)
        enroll(vault, ANN, made_up_stills())

        call = stub.TrainAdapter(request)
        async for event in call:
            if event.progress.fraction >= 6 / 400:
                break
        call.cancel()
        assert len(vault.list_objects(ANN, TRAINING)) == 1
        [state] = vault.list_objects(ANN, TRAINING)
        kept = read_state(vault.get(ANN, state))[1]["step"]
        assert kept >= 4

        seen = []
        withdrawn = []
        with expect_error(errors.ConsentWithdrawn):
            async for event in begun_when_free(lambda: stub.TrainAdapter(request)):
                seen.append(event.progress.fraction)
                if event.progress.step == "train" and len(seen) > 3:
                    withdrawn.append(vault.withdraw(ANN))
        assert max(seen) < 1.0
        assert min(each for each in seen if each) > kept / 400  # not from the beginning

        assert withdrawn[0].objects == 15  # pictures, embeddings, and the training's state
        assert vault.list_objects(ANN, TRAINING) == []
        await stub.EraseIdentity(pb.EraseIdentityRequest(identity=ANN))
        with expect_error(errors.IdentityNotFound):
            await trained(stub, checkpoint)


async def test_likeness_is_counted_against_the_person_and_impostors(service_settings, faces):
    recogniser = FaceRecogniser()
    pictures = {name: cv2.imread(str(faces / f"{name}.jpg")) for name in ("obama", "biden")}
    pictures["obama2"] = cv2.imread(str(faces / "obama2.jpg"))
    from songreel_testing.identity.enrolled import still

    own = recogniser.embed(np.ascontiguousarray(pictures["obama"][:, :, ::-1]))[0]
    vault = open_vault(service_settings)
    enroll(vault, ANN, [still(pictures["obama"][n:], own) for n in range(7)])

    def encoded(name):
        return cv2.imencode(".jpg", pictures[name])[1].tobytes()

    blank = cv2.imencode(".png", np.zeros((64, 64, 3), np.uint8))[1].tobytes()
    start = pb.MeasureLikenessStart(
        identity=ANN, impostors=[pb.Impostor(name="biden", picture=encoded("biden"))]
    )

    async def stream(*shown):
        yield pb.MeasureLikenessRequest(start=start)
        for picture in shown:
            yield pb.MeasureLikenessRequest(picture=picture)

    async with serving(create_service(service_settings)) as channel:
        stub = IdentityServiceStub(channel)
        seen = await stub.MeasureLikeness(stream(encoded("obama2"), encoded("biden"), blank))
        assert (seen.pictures, seen.faces, seen.matches) == (3, 2, 1)
        assert [other.matches for other in seen.impostors] == [1]
        assert seen.impostors[0].enrolled_distance > 0.6
        with expect_error(errors.BadFrame):
            await stub.MeasureLikeness(stream(b"no picture"))
        with expect_error(errors.IdentityNotFound):
            start.identity = "projects/q/identities/ann"
            await stub.MeasureLikeness(stream())
