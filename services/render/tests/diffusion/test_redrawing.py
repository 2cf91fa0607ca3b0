"""Pictures drawn anew: noise levels, and what is carried from one frame to the next."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from diffusers.utils.torch_utils import randn_tensor
from songreel_render.animatic.mode import drawing_share
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.diffusion.carried_difference import Key, between, finished
from songreel_render.diffusion.prompt_embeddings import encode_prompts
from songreel_render.diffusion.sampler import Sampler, SamplerOptions


@pytest.mark.parametrize("name", ["ddim", "euler", "lcm"])
@pytest.mark.parametrize(("steps", "strength"), [(4, 0.5), (4, 0.25), (5, 1.0)])
def test_redrawing_is_that_of_diffusers(
    checkpoint: Path, name: str, steps: int, strength: float
) -> None:
    loader = CheckpointLoader(device="cpu", dtype="float32")
    loaded = loader.load(loader.inspect(checkpoint).files)
    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    noise = randn_tensor((1, 4, 8, 8), generator=torch.Generator().manual_seed(2))
    text = encode_prompts(loaded, ["a beach"])
    sampler = Sampler(loaded, SamplerOptions(steps, 1.0, name))
    seeds = [3]
    ours = sampler.denoise(noise, text, None, seeds, start, strength)

    encoder = loaded.text_encoders[0]
    pipeline = StableDiffusionImg2ImgPipeline(
        vae=loaded.autoencoder, text_encoder=encoder.network, tokenizer=encoder.tokenizer,
        unet=loaded.unet, scheduler=loaded.new_scheduler(steps, name), safety_checker=None,
        feature_extractor=None, image_encoder=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        prompt_embeds=text.tokens, image=start, strength=strength, num_inference_steps=steps,
        guidance_scale=1.0, generator=torch.Generator().manual_seed(2), output_type="latent",
    ).images  # fmt: skip
    if name == "lcm":
        # Its steps add noise: theirs goes on with the generator, ours has the seeds of the plan.
        assert ours.shape == theirs.shape
        assert float((ours - theirs).std()) < float(theirs.std())
    else:
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_less_strength_leaves_more(checkpoint: Path) -> None:
    loader = CheckpointLoader(device="cpu", dtype="float32")
    loaded = loader.load(loader.inspect(checkpoint).files)
    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    text = encode_prompts(loaded, ["a beach"])
    sampler = Sampler(loaded, SamplerOptions(8, 1.0))
    apart = [
        float((sampler.denoise(noise, text, None, [3], start, strength) - start).norm())
        for strength in (0.05, 0.2, 0.5, 1.0)
    ]
    assert apart == sorted(apart)
    assert apart[0] < 0.4 * apart[-1]


def test_the_drawing_gives_way_with_strength() -> None:
    shares = [drawing_share(strength) for strength in np.linspace(0, 1, 21)]
    assert shares[0] == drawing_share(0.3) == 1.0
    assert shares[-1] == 0.0
    assert all(a >= b for a, b in itertools.pairwise(shares))


def blobs(dx: float, dy: float, size: int = 96) -> np.ndarray:
    """A drawing with shapes at a place: (size, size, 3) uint8."""
    picture = np.full((size, size, 3), 210, dtype=np.uint8)
    for x, y, r, colour in ((30, 34, 14, (200, 60, 40)), (62, 58, 10, (30, 90, 160))):
        middle = (round((x + dx) * 16), round((y + dy) * 16))
        cv2.circle(picture, middle, r * 16, colour, -1, cv2.LINE_AA, 4)
    return picture


def textured(drawing: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """The drawing with stripes that move with its shapes."""
    y, x = np.mgrid[: drawing.shape[0], : drawing.shape[1]].astype(np.float32)
    stripes = 18.0 * np.sin(0.7 * (x - dx) + 0.4 * (y - dy))
    inside = (np.abs(drawing.astype(float) - 210).max(-1) > 20)[..., None]
    return drawing + inside * stripes[..., None]


def test_texture_moves_with_the_drawing() -> None:
    """Stripes of two keys are found on the shapes in between, at the place of that moment."""
    shifts = {"before": (0.0, 0.0), "middle": (3.0, 2.0), "after": (6.0, 4.0)}
    drawings = {name: blobs(*shift) for name, shift in shifts.items()}
    truth = textured(drawings["middle"], *shifts["middle"])
    keys = [
        Key.of(drawings[name], textured(drawings[name], *shifts[name]), drawings[name], 1.0)
        for name in ("before", "after")
    ]
    found = finished(
        drawings["middle"], 1.0, between(drawings["middle"], keys[0], keys[1], 0.5)
    ).astype(float)
    still = drawings["middle"] + 0.5 * (keys[0].difference + keys[1].difference)
    error, standing = (np.abs(each - truth).mean() for each in (found, still))
    assert error < 0.4 * standing


def test_what_neither_key_shows_is_the_drawing_itself() -> None:
    plain = np.full((48, 48, 3), 100, dtype=np.uint8)
    key = Key.of(plain, plain + 40.0, plain.astype(float), 1.0)
    sudden = plain.copy()
    sudden[16:32, 16:32] = (250, 20, 20)
    drawn = finished(sudden, 1.0, between(sudden, key, key, 0.5)).astype(int)
    assert np.abs(drawn[20:28, 20:28] - sudden[20:28, 20:28]).max() <= 2
    assert np.abs(drawn[:8, :8] - 140).max() <= 1


def test_a_key_is_its_own_frame() -> None:
    drawing = blobs(0, 0)
    redrawn = textured(drawing, 0, 0)
    passed = drawing * 0.98
    key = Key.of(drawing, redrawn, passed, 0.0)
    assert np.abs(finished(drawing, 0.0, key.difference) - redrawn.clip(0, 255)).max() <= 0.5
