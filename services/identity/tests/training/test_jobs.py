"""Training an adapter: its maths, its stops and starts, and what the vault keeps of it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from types import SimpleNamespace

import cv2
import grpc.aio
import numpy as np
import pytest
import sqlalchemy as sa
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel_identity.faces.pictures import decode_picture
from songreel_identity.faces.recognition import FaceRecogniser, mean_embedding
from songreel_identity.service import create_service, open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.base_checkpoint import load_checkpoint
from songreel_identity.training.layers import read_state, targets_of
from songreel_identity.training.portraits import make_portraits
from songreel_identity.training.recipe import SMALL, TrainingRecipe, snr_weights
from songreel_identity.training.trainer import Person, Trainer
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


def person():
    stills = made_up_stills()
    return Person(
        [decode_picture(each.jpeg) for each in stills],
        mean_embedding([each.embedding for each in stills]),
        "ab" * 32,
    )


# The maths


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=30),
    st.sampled_from(["epsilon", "v_prediction", "sample"]),
    st.floats(0.1, 20),
)
def test_no_timestep_outweighs_the_bound(alphas, prediction, most):
    weights = snr_weights(np.asarray(alphas), prediction, most)
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert (weights <= max(most, 1.0) + 1e-9).all()


@given(st.floats(0.001, 0.999), st.floats(0.1, 20))
def test_the_weights_mean_the_same_whatever_the_network_predicts(alpha, most):
    # An error d in the clean picture is one of snr * d in the noise and (snr + 1) * d in the
    # velocity (all squared): weighted, the three are one.
    snr = alpha / (1 - alpha)
    by = {
        kind: snr_weights(np.asarray([alpha]), kind, most)[0]
        for kind in ("epsilon", "v_prediction", "sample")
    }
    assert by["epsilon"] * snr == pytest.approx(by["sample"], rel=1e-6)
    assert by["v_prediction"] * (snr + 1) == pytest.approx(by["sample"], rel=1e-6)


@given(st.integers(1, 500), st.integers(1, 60), st.floats(1e-6, 1e-2))
def test_the_rate_rises_falls_and_ends_near_nothing(steps, warmup, rate):
    recipe = TrainingRecipe(steps=steps, warmup=warmup, rate=rate)
    rates = [recipe.rate_at(step) for step in range(steps)]
    assert all(0 <= each <= rate for each in rates)
    after = rates[warmup:]
    assert after == sorted(after, reverse=True)
    assert recipe.rate_at(max(steps, warmup + 1)) < rate * 1e-3 or warmup >= steps


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(48, 160), st.integers(48, 160))
def test_crops_are_whole_equal_for_equal_seeds_and_never_mirrored(seed, width, height):
    left = np.zeros((height, width, 3), np.uint8)
    left[:, : width // 2] = 220  # light on the left: a mirrored crop would have it on the right
    recogniser = FaceRecogniser.__new__(FaceRecogniser)
    recogniser.detect_largest = lambda image: None
    portraits, missed = make_portraits([left], recogniser, size=32, variants=3, seed=seed)
    again, _ = make_portraits([left], recogniser, size=32, variants=3, seed=seed)
    assert missed == 1
    for one, other in zip(portraits, again, strict=True):
        assert one.image.shape == (32, 32, 3)
        assert np.array_equal(one.image, other.image)
        assert one.image[:, :12].mean() > one.image[:, 20:].mean() + 50
        assert one.face.min() >= 0
        assert one.face.max() <= 1
        assert one.face.mean() > 0.05


# One training


@pytest.mark.parametrize("prediction", ["v_prediction", "epsilon"])
def test_a_training_taken_up_again_comes_to_the_same_adapter(tmp_path, prediction):
    folder = write_checkpoint(tmp_path / "tiny", prediction=prediction)
    states = []
    whole = Trainer(load_checkpoint(folder), person(), RECIPE).run(None, states.append, ignore)
    rest = Trainer(load_checkpoint(folder), person(), RECIPE).run(states[0], ignore, ignore)
    assert rest.resumed_from == 2
    matrices, others = load(whole.data), load(rest.data)
    assert matrices.keys() == others.keys()
    assert all(torch.equal(each, others[name]) for name, each in matrices.items())
    assert read_head(rest.data) == read_head(whole.data)
    assert any(".attn2.to_k.lora_B" in name for name in matrices)
    assert max(each.abs().max() for name, each in matrices.items() if "lora_B" in name) > 1e-4
    head = read_head(whole.data)
    assert (head.noun, head.step) == ("woman", 4)
    assert "no face was found" in " ".join(whole.notes)


def test_convolutions_are_trained_where_the_finest_level_has_no_transformer():
    plain, fine = SimpleNamespace(), SimpleNamespace(attentions=[object()])
    assert "conv1" in targets_of(SimpleNamespace(down_blocks=[plain, fine]))
    assert "conv1" not in targets_of(SimpleNamespace(down_blocks=[fine, plain]))


def test_a_recipe_may_be_changed_in_one_field(monkeypatch):
    monkeypatch.setenv("SONGREEL_IDENTITY_TRAINING_SMALL__STEPS", "7")
    settings = IdentitySettings()
    assert settings.training_small == dataclasses.replace(SMALL, steps=7)
    assert settings.training == TrainingRecipe()


def ignore(*_):
    pass


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
