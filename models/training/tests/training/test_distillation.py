"""The steps of teacher and student agree with the scheduler's, and teaching goes on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from songreel_sprout.captions.labels import random_indices
from songreel_sprout.networks.codec import SHAPE
from songreel_sprout.networks.diffusion import new_scheduler, new_sprout
from songreel_sprout.networks.tokenizer import load_tokenizer, write_tokenizer
from songreel_sprout.training.distillation import (
    DdimSteps,
    DistillationSettings,
    Distiller,
    trailing_timesteps,
)
from songreel_sprout.training.trainer import Latents

CPU = torch.device("cpu")


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_a_step_is_the_schedulers_step(count: int) -> None:
    scheduler = new_scheduler()
    scheduler.set_timesteps(count)
    times = scheduler.timesteps.tolist()
    assert times == trailing_timesteps(count)
    x, v = torch.randn(2, 1, *SHAPE, dtype=torch.float64, generator=torch.manual_seed(0))
    for t, s in zip(times, [*times[1:], -1], strict=True):
        ours = DdimSteps(CPU).step(x, v, torch.tensor([t]), torch.tensor([s]))
        theirs = scheduler.step(v, t, x).prev_sample
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_a_leap_is_the_step_read_backwards() -> None:
    steps = DdimSteps(CPU)
    t, s = torch.tensor([999, 749, 499, 249]), torch.tensor([749, 499, 249, -1])
    x, v = torch.randn(2, 4, *SHAPE, generator=torch.manual_seed(0))
    assert torch.allclose(steps.velocity_between(x, steps.step(x, v, t, s), t, s), v, atol=1e-3)


@pytest.mark.slow
def test_teaching_brings_the_student_nearer_and_goes_on(tmp_path: Path) -> None:
    write_tokenizer(tmp_path / "tokenizer")
    tokenizer = load_tokenizer(tmp_path / "tokenizer")
    rng = np.random.default_rng(0)
    data = Latents(
        rng.standard_normal((4, *SHAPE)).astype(np.float16),
        random_indices(rng, 4),
        np.zeros((4, 32, 32), np.uint8),
    )
    torch.manual_seed(0)
    teacher = new_sprout(tokenizer)
    plan = DistillationSettings(batch=2, steps=1, teacher_steps=2, guidance=3.0, rate=1e-3)
    first = Distiller(teacher, data, tokenizer, tmp_path, plan, CPU, bf16=False)
    before = [p.clone() for p in first.teacher.parameters()]
    losses = [first.update() for _ in range(6)]
    assert losses[-1] < losses[0]
    assert all(torch.equal(a, b) for a, b in zip(before, first.teacher.parameters(), strict=True))
    first.save()
    second = Distiller(teacher, data, tokenizer, tmp_path, plan, CPU, bf16=False)
    assert second.step == 6
