"""The one command that makes the checkpoint, run through with next to no training."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline


def sprout(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "songreel_sprout", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_checkpoint_comes_out_of_nothing_and_training_goes_on(tmp_path: Path) -> None:
    work, target = tmp_path / "work", tmp_path / "sprout"
    train = ["train", work, "--scenes", "24", "--held", "8", "--batch", "2", "--threads", "1"]
    train += ["--word-updates", "2", "--autoencoder-minutes", "0.05", "--minutes", "0.05"]
    sprout(*train, "--distill-minutes", "0.05")
    first = torch.load(work / "diffusion.pt")
    assert first["step"] > 0
    sprout(*train[:-1], "0.1", "--distill-minutes", "0.1")
    assert torch.load(work / "diffusion.pt")["step"] > first["step"]
    assert torch.load(work / "distilled.pt")["step"] > 0

    sprout("export", work, target)
    pipe = StableDiffusionPipeline.from_pretrained(target, safety_checker=None)
    (picture,) = pipe("a dog", num_inference_steps=1, guidance_scale=1.0).images
    assert np.asarray(picture).shape == (256, 256, 3)
    sprout("sheet", target, tmp_path / "sheet.jpg")
    assert (tmp_path / "sheet.jpg").stat().st_size > 10_000
    assert (work / "sheet-last.jpg").exists()
