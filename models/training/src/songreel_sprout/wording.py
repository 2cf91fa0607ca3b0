"""What words mean, taught to the text encoder before the denoiser begins.

From a random start the denoiser and the text encoder wait for each other: nothing is drawn that
words could be tied to, and no words are told apart that could steer a drawing. The labels are
known, so the encoder first learns to say them: every hidden state from the end token on (the
padding too, which the denoiser also attends to) has to give away what the caption states.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextModel, CLIPTokenizer

from songreel_sprout.captions import Caption, draw_caption
from songreel_sprout.labels import FIELDS, NAMES
from songreel_sprout.tokenizer import token_ids

BATCH = 64


def stated_labels(labels: NDArray[np.uint8], captions: list[Caption]) -> NDArray[np.int64]:
    """Class numbers ``(n, 7)``; one beyond the last class where the caption does not say."""
    unsaid = np.array([len(NAMES[f]) for f in FIELDS])
    stated = np.stack([c.stated for c in captions])
    return np.where(stated, labels, unsaid).astype(np.int64)


def teach_words(
    text: CLIPTextModel,
    labels: NDArray[np.uint8],
    tokenizer: CLIPTokenizer,
    updates: int,
    seed: int,
    device: torch.device,
) -> float:
    """Train ``text`` in place on captions of ``labels`` ``(n, 7)``.

    Returns the share of labels that the last batch's end tokens and padding said rightly
    (0 without updates).
    """
    rng = np.random.default_rng((seed, 7))
    sizes = [len(NAMES[f]) + 1 for f in FIELDS]
    # Its annotations allow for what this configuration never has.
    config: Any = text.config
    heads = nn.Linear(config.hidden_size, sum(sizes)).to(device)
    end: int = config.eos_token_id
    optimizer = torch.optim.AdamW([*text.parameters(), *heads.parameters()], lr=2e-3)
    right = 0.0
    for step in range(updates):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 50) * (1 - step / updates)
        rows = labels[rng.integers(len(labels), size=BATCH)]
        captions = [draw_caption(row, rng) for row in rows]
        wanted = torch.from_numpy(stated_labels(rows, captions)).to(device)
        ids = torch.tensor(token_ids(tokenizer, [c.text for c in captions]), device=device)
        words: Any = text(input_ids=ids).last_hidden_state
        after = ids == end
        told: Tensor = heads(words[after])
        goal = wanted[after.nonzero()[:, 0]]
        said = told.split(sizes, dim=1)
        loss = torch.stack([F.cross_entropy(o, goal[:, i]) for i, o in enumerate(said)]).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(text.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 49 or step + 1 == updates:
            hits = torch.stack([o.argmax(1) == goal[:, i] for i, o in enumerate(said)])
            right = float(hits.float().mean())
            print(f"words {step + 1} loss {loss.item():.3f} right {right:.3f}", flush=True)
    return right
