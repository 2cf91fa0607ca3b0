"""Prompts to text embeddings: each prompt is encoded once, and remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from songreel_kit.telemetry.metrics import looked_up

from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.motion.crossfades import FrameMix

_BATCH = 16
# Bytes of embeddings remembered between renders: a prompt of Stable Diffusion 1.x has 0.24 MB.
_REMEMBERED_BYTES: Final = 64 * 2**20


@dataclass(frozen=True)
class Conditioning:
    """The text conditions of a batch of pictures."""

    tokens: torch.Tensor
    """(n, tokens, width) float32."""
    pooled: torch.Tensor | None = None
    """(n, width) float32; None for families without."""

    def mixed(self, other: Conditioning, weight: torch.Tensor) -> Conditioning:
        """Mix token by token, in float32: small steps would be lost to rounding.

        Args:
            other: of the same shape.
            weight: (n,) of `other`, in [0, 1].
        """
        tokens = torch.lerp(self.tokens, other.tokens, weight[:, None, None])
        if self.pooled is None or other.pooled is None:
            return Conditioning(tokens)
        return Conditioning(tokens, torch.lerp(self.pooled, other.pooled, weight[:, None]))

    def rows(self, places: NDArray[np.int64]) -> Conditioning:
        """The rows at `places`, in that order."""
        index = torch.from_numpy(places)
        pooled = None if self.pooled is None else self.pooled[index]
        return Conditioning(self.tokens[index], pooled)

    @classmethod
    def joined(cls, parts: Sequence[Conditioning]) -> Conditioning:
        """One batch after the other."""
        pooled = [part.pooled for part in parts if part.pooled is not None]
        return cls(
            torch.cat([part.tokens for part in parts]), torch.cat(pooled) if pooled else None
        )


class EmbeddingCache:
    """The embeddings of the prompts last used, by checkpoint; thread-safe."""

    def __init__(self, limit: int = _REMEMBERED_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[str, str, bool], Conditioning] = OrderedDict()
        self._lock = threading.Lock()

    def encode(
        self, checkpoint: Checkpoint, prompts: Sequence[str], *, negative: bool = False
    ) -> Conditioning:
        """Encode the prompts that are not known yet: (prompts, ...)."""
        with self._lock:
            found = {text: self._kept.get((checkpoint.key, text, negative)) for text in prompts}
        new = [text for text, known in found.items() if known is None]
        looked_up("embedding", hit=True, times=len(found) - len(new))
        looked_up("embedding", hit=False, times=len(new))
        for start in range(0, len(new), _BATCH):
            texts = new[start : start + _BATCH]
            batch = encode_prompts(checkpoint, texts, negative=negative)
            for place, text in enumerate(texts):
                row = batch.rows(np.asarray([place]))
                found[text] = row
                self._keep((checkpoint.key, text, negative), row)
        return Conditioning.joined([part for text in prompts if (part := found[text]) is not None])

    def _keep(self, key: tuple[str, str, bool], row: Conditioning) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = row
            self._size += _bytes_of(row)
            while self._size > self._limit:
                self._size -= _bytes_of(self._kept.popitem(last=False)[1])


class PromptEmbeddings:
    """The text embeddings of a storyboard, and their mix for each frame.

    Args:
        checkpoint: its tokenizer and text encoder are used.
        prompts: one per scene.
        negative_prompts: one per scene; not encoded when `guided` is False.
        guided: whether classifier-free guidance will ask for the negative ones.
        memory: of prompts encoded before.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        prompts: Sequence[str],
        negative_prompts: Sequence[str],
        *,
        guided: bool,
        memory: EmbeddingCache | None = None,
    ) -> None:
        memory = memory or EmbeddingCache()
        self._positive = _Table(memory, checkpoint, prompts, negative=False)
        self._negative = (
            _Table(memory, checkpoint, negative_prompts, negative=True) if guided else None
        )

    def positive(self, mix: FrameMix, frames: NDArray[np.int64]) -> Conditioning:
        """Conditions of frames (n,), from the prompts."""
        return self._positive.mixed(mix, frames)

    def negative(self, mix: FrameMix, frames: NDArray[np.int64]) -> Conditioning | None:
        """Conditions of frames (n,), from the negative prompts; None without guidance."""
        return None if self._negative is None else self._negative.mixed(mix, frames)


class _Table:
    """The embeddings of a list of prompts, each distinct one once."""

    def __init__(
        self,
        memory: EmbeddingCache,
        checkpoint: Checkpoint,
        prompts: Sequence[str],
        *,
        negative: bool,
    ) -> None:
        wanted = list(dict.fromkeys(prompts))
        index = {text: place for place, text in enumerate(wanted)}
        self._places = np.asarray([index[text] for text in prompts], dtype=np.int64)
        self._rows = memory.encode(checkpoint, wanted, negative=negative)

    def mixed(self, mix: FrameMix, frames: NDArray[np.int64]) -> Conditioning:
        own = self._rows.rows(self._places[mix.scene[frames]])
        weight = torch.from_numpy(mix.text_weight[frames].astype(np.float32))
        if not weight.any():
            return own
        other = self._rows.rows(self._places[mix.other[frames]])
        return own.mixed(other, weight.to(own.tokens.device))


@torch.inference_mode()
def encode_prompts(
    checkpoint: Checkpoint, prompts: Sequence[str], *, negative: bool = False
) -> Conditioning:
    """Encode prompts as the checkpoint's family does: (prompts, tokens, width)."""
    family = checkpoint.family
    tokens: list[torch.Tensor] = []
    pooled: torch.Tensor | None = None
    for encoder in checkpoint.text_encoders:
        ids = _token_ids(encoder.tokenizer, prompts, token_limit(checkpoint))
        ids = ids.to(checkpoint.device)
        if family.hidden_layer == -1:
            output = encoder.network(ids)
            tokens.append(output.last_hidden_state.float())
        else:
            output = encoder.network(ids, output_hidden_states=True)
            tokens.append(output.hidden_states[family.hidden_layer].float())
        if family.size_and_pooled_text:
            pooled = output[0].float()  # of the last encoder: its projection
    result = Conditioning(torch.cat(tokens, dim=-1), pooled)
    if negative and checkpoint.zero_empty_prompts and result.pooled is not None:
        empty = torch.tensor([not text for text in prompts], device=checkpoint.device)
        return Conditioning(
            result.tokens.masked_fill(empty[:, None, None], 0.0),
            result.pooled.masked_fill(empty[:, None], 0.0),
        )
    return result


def token_limit(checkpoint: Checkpoint) -> int:
    """Tokens that a prompt may have, start and end included."""
    return min(
        min(
            int(encoder.network.config.max_position_embeddings),
            int(encoder.tokenizer.model_max_length),
        )
        for encoder in checkpoint.text_encoders
    )


def cut_prompts(checkpoint: Checkpoint, prompts: Sequence[str]) -> list[int]:
    """Places of the prompts that are longer than the text encoder reads."""
    limit = token_limit(checkpoint)
    ids = checkpoint.text_encoders[0].tokenizer(list(prompts)).input_ids
    return [place for place, tokens in enumerate(ids) if len(tokens) > limit]


def _token_ids(tokenizer: Any, prompts: Sequence[str], limit: int) -> torch.Tensor:
    return tokenizer(
        list(prompts),
        padding="max_length",
        max_length=limit,
        truncation=True,
        return_tensors="pt",
    ).input_ids


def _bytes_of(row: Conditioning) -> int:
    parts = [row.tokens, *([] if row.pooled is None else [row.pooled])]
    return sum(part.numel() * part.element_size() for part in parts)
