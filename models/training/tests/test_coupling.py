"""The coupled noise is standard normal, carries the knobs, and leaves the rest alone."""

import numpy as np
import torch
from songreel_sprout.coupling import (
    DIRECTIONS,
    SHAPE,
    coordinates,
    couple,
    directions,
    label_positions,
)
from songreel_sprout.labels import FIELDS, KNOB_COUNT, random_indices, shares


def test_directions_are_orthonormal() -> None:
    flat = directions().flatten(1)
    assert torch.allclose(flat @ flat.T, torch.eye(DIRECTIONS), atol=1e-6)


def test_coupled_noise_has_the_wanted_coordinates_and_keeps_the_rest() -> None:
    basis, free = directions(), torch.randn(5, *SHAPE)
    wanted = torch.randn(5, DIRECTIONS)
    noise = couple(free, wanted, basis)
    flat = basis.flatten(1)
    assert torch.allclose(noise.flatten(1) @ flat.T, wanted, atol=1e-4)
    rest = (noise - free).flatten(1)
    assert torch.allclose(rest - (rest @ flat.T) @ flat, torch.zeros_like(rest), atol=1e-4)


def test_coupled_noise_is_standard_normal() -> None:
    rng = np.random.default_rng(0)
    labels = random_indices(rng, 2000)
    stated = rng.random(labels.shape) < 0.5
    knobs = rng.random((2000, KNOB_COUNT), dtype=np.float32)
    wanted = coordinates(knobs, label_positions(labels, stated, rng))
    assert np.abs(wanted.mean(axis=0)).max() < 0.1
    assert np.abs(wanted.std(axis=0) - 1).max() < 0.08
    noise = couple(torch.randn(2000, *SHAPE), torch.from_numpy(wanted), directions())
    assert abs(float(noise.mean())) < 0.01
    assert abs(float(noise.std()) - 1) < 0.01


def test_an_unstated_label_lies_in_its_share_of_the_interval() -> None:
    rng = np.random.default_rng(1)
    labels = random_indices(rng, 500)
    u = label_positions(labels, np.zeros(labels.shape, dtype=bool), rng)
    for i, field in enumerate(FIELDS):
        edges = np.cumsum(shares(field))
        assert np.array_equal(np.searchsorted(edges, u[:, i], side="right"), labels[:, i])
