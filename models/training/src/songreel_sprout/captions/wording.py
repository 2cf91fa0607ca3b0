"""Pre-training of the text encoder: it learns the labels before the denoiser begins.

From a random start the denoiser and the text encoder wait for each other: nothing is drawn that
words could be tied to, and no words are told apart that could steer a drawing. The labels are
known, so the encoder first learns to say them: every hidden state from the end token on (the
padding too, which the denoiser also attends to) has to be the sum of the codes of what the
caption states. The codes are orthogonal and equally long, so a dog is as far from a boat as day
from night: an encoder that only had to be readable put all subjects within a thirtieth of the
distance between two framings, and the denoiser never told them apart.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextModel, CLIPTokenizer

from songreel_sprout.captions.captions import Caption, draw_caption
from songreel_sprout.captions.labels import FIELDS, NAMES
from songreel_sprout.networks.tokenizer import token_ids

BATCH = 48
SIZES = tuple(len(NAMES[f]) + 1 for f in FIELDS)
"""Classes of each label, and one for what the caption does not say."""

_FIRST = (3, 10, 4, 4, 16, 3, 5)
"""Of how many classes of each label the first denoiser learnt the codes.

They keep them when classes are added, so that it goes on with what it knows.
"""


def stated_labels(labels: NDArray[np.uint8], captions: list[Caption]) -> NDArray[np.int64]:
    """Class numbers ``(n, 7)``; one beyond the last class where the caption does not say."""
    unsaid = np.array([len(NAMES[f]) for f in FIELDS])
    stated = np.stack([c.stated for c in captions])
    return np.where(stated, labels, unsaid).astype(np.int64)


def codes(width: int) -> tuple[Tensor, ...]:
    """One code ``(width,)`` for each class of each label: ``(classes, width)`` per label.

    All are orthogonal to each other and of mean 0, and the sum of seven has variance 1: what a
    layer norm can put out exactly. Classes that are added to the end of a label change no other
    class's code.

    Raises:
        ValueError: when ``width`` has no room for them.
    """
    count = sum(SIZES)
    if count >= width:
        raise ValueError(f"{count} classes need more than {width} dimensions")
    first = [known + 1 for known in _FIRST]
    later = [size - known for size, known in zip(SIZES, first, strict=True)]
    generator = torch.Generator().manual_seed(11)
    counts = (1 + sum(first), sum(later))
    draws = torch.cat([torch.randn(width, n, generator=generator) for n in counts], dim=1)
    draws[:, 0] = 1.0
    # Gram and Schmidt's order: a column depends on those before it alone.
    basis = torch.linalg.qr(draws)[0][:, 1:].T * math.sqrt(width / len(SIZES))
    old = basis[: sum(first)].split(first)
    new = basis[sum(first) :].split(later)
    # The last code of a label is for what is not said.
    return tuple(torch.cat([o[:-1], n, o[-1:]]) for o, n in zip(old, new, strict=True))


def teach_words(
    text: CLIPTextModel,
    labels: NDArray[np.uint8],
    tokenizer: CLIPTokenizer,
    updates: int,
    seed: int,
    device: torch.device,
) -> dict[str, float]:
    """Train ``text`` in place on captions of ``labels`` ``(n, 7)``.

    Returns, for each label, the share of fresh captions whose last states give the right class.
    """
    rng = np.random.default_rng((seed, 7))
    # Its annotations allow for what this configuration never has.
    config: Any = text.config
    spelling = [c.to(device) for c in codes(config.hidden_size)]
    end: int = config.eos_token_id
    optimizer = torch.optim.AdamW(text.parameters(), lr=1e-3, weight_decay=0)

    def batch(size: int) -> tuple[Tensor, Tensor]:
        rows = labels[rng.integers(len(labels), size=size)]
        captions = [draw_caption(row, rng) for row in rows]
        wanted = torch.from_numpy(stated_labels(rows, captions)).to(device)
        return torch.tensor(token_ids(tokenizer, [c.text for c in captions]), device=device), wanted

    def read(ids: Tensor) -> Tensor:
        states: Any = text(input_ids=ids)
        return states.last_hidden_state

    for step in range(updates):
        for group in optimizer.param_groups:
            rise, fall = min(1.0, (step + 1) / 50), 0.02 + 0.98 * (1 - step / updates)
            group["lr"] = 1e-3 * rise * fall
        ids, wanted = batch(BATCH)
        goal = torch.stack([c[wanted[:, i]] for i, c in enumerate(spelling)]).sum(dim=0)
        after = ids == end
        said = read(ids)[after]
        owner = after.nonzero()[:, 0]
        loss = (said - goal[owner]).square().mean()
        for i, c in enumerate(spelling):
            # Squared error alone settles for the mean of classes that it cannot tell apart yet.
            loss = loss + 0.05 * F.cross_entropy(said @ c.T / len(SIZES), wanted[owner, i])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(text.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 49 or step + 1 == updates:
            print(f"words {step + 1} loss {loss.item():.3f}", flush=True)
    with torch.no_grad():
        ids, wanted = batch(200)
        last = read(ids)[:, -1]
        hits = [(last @ c.T).argmax(1) == wanted[:, i] for i, c in enumerate(spelling)]
    return {f: float(h.float().mean()) for f, h in zip(FIELDS, hits, strict=True)}
