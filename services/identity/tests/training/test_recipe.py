"""The maths of training an adapter: weights, rates, crops, and a stop that changes nothing."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load
from songreel_identity.faces.pictures import decode_picture
from songreel_identity.faces.recognition import FaceRecogniser, mean_embedding
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.base_checkpoint import load_checkpoint
from songreel_identity.training.layers import targets_of
from songreel_identity.training.portraits import make_portraits
from songreel_identity.training.recipe import SMALL, TrainingRecipe, snr_weights
from songreel_identity.training.trainer import Person, Trainer
from songreel_kit.likeness.adapters import read_head
from songreel_testing.identity.enrolled import made_up_stills, write_checkpoint

ANN = "projects/p/identities/ann"
RECIPE = TrainingRecipe(
    noun="woman", steps=4, rank=2, batch=1, variants=1, prior_pictures=1, every=2,
    trial_pictures=1, rate=1e-2, warmup=1,
)  # fmt: skip


def ignore(*_):
    return None


def person():
    stills = made_up_stills()
    return Person(
        [decode_picture(each.jpeg) for each in stills],
        mean_embedding([each.embedding for each in stills]),
        "ab" * 32,
    )


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
