"""Draws the frames of a plan, batch by batch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from songreel.prompt.v1.storyboard_pb2 import Scene
from songreel.render.v1.render_plan_pb2 import RenderSettings

from songreel_render.camera import view_matrices, warp
from songreel_render.checkpoint import Checkpoint
from songreel_render.latents import SceneNoise
from songreel_render.plan import Layout
from songreel_render.sampler import Sampler, to_pixels
from songreel_render.text import PromptEmbeddings, cut_prompts, token_limit


class FrameArtist:
    """Knows how every frame of a plan looks.

    Args:
        checkpoint: loaded.
        scenes: of the storyboard.
        layout: the frames in time.
        settings: resolved, as in the plan.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        scenes: Sequence[Scene],
        layout: Layout,
        settings: RenderSettings,
    ) -> None:
        self._layout = layout
        self._sampler = Sampler(checkpoint, settings.steps, settings.guidance_scale)
        self._embeddings = PromptEmbeddings(
            checkpoint,
            [scene.prompt for scene in scenes],
            [scene.negative_prompt for scene in scenes],
            guided=self._sampler.guided,
        )
        side = settings.size // checkpoint.pixels_per_latent
        travel = layout.recipe.travel
        self._noise = SceneNoise(
            (checkpoint.latent_channels, side, side),
            settings.seed,
            [scene.seed for scene in scenes],
            [float(travel[end - 1]) if end > first else 0.0 for first, end in layout.spans],
            wandering=settings.schedule != "paper",
        )
        self._step_seeds = [_step_seed(settings.seed, scene.seed) for scene in scenes]
        self._moves = [scene.camera for scene in scenes]
        self.fallbacks = _cut_prompt_notes(checkpoint, scenes)

    def draw(self, first: int, end: int) -> NDArray[np.uint8]:
        """Draw frames first..end-1: (n, height, width, 3) uint8 RGB."""
        recipe = self._layout.recipe
        scenes = recipe.scene[first:end].tolist()
        latents = self._sampler.denoise(
            self._noise.at(recipe, first, end),
            self._embeddings.positive(recipe, first, end),
            self._embeddings.negative(recipe, first, end) if self._sampler.guided else None,
            [self._step_seeds[scene] for scene in scenes],
        )
        pictures = self._sampler.decode(latents)
        views = view_matrices([self._moves[scene] for scene in scenes], recipe.progress[first:end])
        if views is not None:
            pictures = warp(pictures, views)
        return to_pixels(pictures)


def _step_seed(*seeds: int) -> int:
    digest = hashlib.sha256(repr(("step", *seeds)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _cut_prompt_notes(checkpoint: Checkpoint, scenes: Sequence[Scene]) -> list[str]:
    cut = cut_prompts(checkpoint, [scene.prompt for scene in scenes])
    if not cut:
        return []
    named = ", ".join(str(place + 1) for place in cut[:10]) + (", ..." if len(cut) > 10 else "")
    return [
        f"the prompts of scenes {named} are longer than the checkpoint's text encoder reads "
        f"({token_limit(checkpoint)} tokens); their ends have no effect"
    ]
