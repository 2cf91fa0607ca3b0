"""Prompts to text embeddings: each prompt is encoded once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from songreel_render.checkpoint import Checkpoint
from songreel_render.crossings import FrameRecipe

_BATCH = 16


class PromptEmbeddings:
    """The text embeddings of a storyboard, and their mix for each frame.

    Args:
        checkpoint: its tokenizer and text encoder are used.
        prompts: one per scene.
        negative_prompts: one per scene; not encoded when `guided` is False.
        guided: whether classifier-free guidance will ask for the negative ones.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        prompts: Sequence[str],
        negative_prompts: Sequence[str],
        *,
        guided: bool,
    ) -> None:
        wanted = list(dict.fromkeys([*prompts, *(negative_prompts if guided else ())]))
        index = {text: place for place, text in enumerate(wanted)}
        self._positive = np.asarray([index[text] for text in prompts], dtype=np.int64)
        self._negative = np.asarray(
            [index[text] for text in negative_prompts] if guided else [], dtype=np.int64
        )
        self._table = torch.cat(
            [
                encode_prompts(checkpoint, wanted[start : start + _BATCH])
                for start in range(0, len(wanted), _BATCH)
            ]
        )

    def positive(self, recipe: FrameRecipe, first: int, end: int) -> torch.Tensor:
        """Embeddings of frames first..end-1: (n, tokens, width)."""
        return self._mixed(self._positive, recipe, first, end)

    def negative(self, recipe: FrameRecipe, first: int, end: int) -> torch.Tensor:
        """Embeddings of the negative prompts: (n, tokens, width); only when guided."""
        return self._mixed(self._negative, recipe, first, end)

    def _mixed(
        self, places: NDArray[np.int64], recipe: FrameRecipe, first: int, end: int
    ) -> torch.Tensor:
        own = self._table[torch.from_numpy(places[recipe.scene[first:end]])]
        other = self._table[torch.from_numpy(places[recipe.other[first:end]])]
        weight = torch.from_numpy(recipe.text_weight[first:end].astype(np.float32))
        # Token by token; in float32, so that small steps are not lost to rounding.
        return torch.lerp(own, other, weight.to(own.device)[:, None, None])


@torch.inference_mode()
def encode_prompts(checkpoint: Checkpoint, prompts: Sequence[str]) -> torch.Tensor:
    """Last hidden state of the text encoder: (prompts, tokens, width) float32."""
    tokens = checkpoint.tokenizer(
        list(prompts),
        padding="max_length",
        max_length=token_limit(checkpoint),
        truncation=True,
        return_tensors="pt",
    ).input_ids.to(checkpoint.device)
    return checkpoint.text_encoder(tokens)[0].float()


def token_limit(checkpoint: Checkpoint) -> int:
    """Tokens that a prompt may have, start and end included."""
    positions = int(checkpoint.text_encoder.config.max_position_embeddings)
    return min(positions, int(checkpoint.tokenizer.model_max_length))


def cut_prompts(checkpoint: Checkpoint, prompts: Sequence[str]) -> list[int]:
    """Places of the prompts that are longer than the text encoder reads."""
    limit = token_limit(checkpoint)
    lengths = [len(ids) for ids in checkpoint.tokenizer(list(prompts)).input_ids]
    return [place for place, length in enumerate(lengths) if length > limit]
