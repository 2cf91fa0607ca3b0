"""A small classifier that says what a picture shows, trained on the painter's own labels.

It looks at 128 x 128 reductions, so that it judges what is drawn and not how sharp it is.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from songreel_sprout.captions.labels import FIELDS, NAMES
from songreel_sprout.painter.scenes import HELD_OUT, Scenes
from songreel_sprout.training.training import bf16_pays

SIDE = 128


class LabelClassifier(nn.Module):
    """Seven softmax heads on a small residual-free convolution net."""

    def __init__(self) -> None:
        super().__init__()
        widths = (32, 64, 96, 128, 160)
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 6, stride=4, padding=1), nn.ReLU()]
        for a, b in pairwise(widths):
            layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
            layers += [nn.Conv2d(b, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
        layers.pop()  # ends at 4 x 4
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))
        self.heads = nn.Linear(widths[-1] * 16, sum(len(NAMES[f]) for f in FIELDS))

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Logits for each label of ``(n, 3, 128, 128)`` pictures in [-1, 1]."""
        out: Tensor = self.heads(self.body(pictures))
        return out.split([len(NAMES[f]) for f in FIELDS], dim=1)


def reduce(pictures: NDArray[np.uint8]) -> Tensor:
    """``(n, 256, 256, 3)`` uint8 to ``(n, 3, 128, 128)`` in [-1, 1]."""
    x = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return F.avg_pool2d(x, 256 // SIDE)


def load_or_train(
    scenes: Scenes, path: Path, updates: int = 2000, held: int = HELD_OUT
) -> LabelClassifier:
    """The judge in ``path``, trained first if it is not there; the last ``held`` scenes unseen.

    Updates are counted and not minutes: a judge from a busy machine would be a worse one.
    """
    classifier: Any = LabelClassifier()
    if path.exists():
        classifier.load_state_dict(torch.load(path))
        return classifier.eval()
    torch.manual_seed(0)
    classifier.to(memory_format=torch.channels_last)
    rng = np.random.default_rng(0)
    count = len(scenes.pictures) - held
    chunks = [reduce(scenes.pictures[i : min(i + 500, count)]).half() for i in range(0, count, 500)]
    x, y = torch.cat(chunks), torch.from_numpy(scenes.labels[:count].astype(np.int64))
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=2e-3, weight_decay=0.02)
    bf16 = bf16_pays(torch.device("cpu"))
    for update in range(updates):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - update / updates) + 1e-5
        pick = torch.from_numpy(rng.integers(0, count, size=64))
        batch = x[pick].float().contiguous(memory_format=torch.channels_last)
        # A little noise and blur, so that a decoded picture is no surprise.
        if rng.random() < 0.5:
            batch = F.interpolate(F.avg_pool2d(batch, 2), scale_factor=2, mode="bilinear")
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logits = classifier(batch + 0.05 * torch.randn_like(batch))
        loss = torch.stack(
            [F.cross_entropy(o.float(), y[pick, i]) for i, o in enumerate(logits)]
        ).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if update % 100 == 0:
            print(f"judge {update} loss {loss.item():.2f}", file=sys.stderr, flush=True)
    torch.save(classifier.state_dict(), path)
    return classifier.eval()


@torch.no_grad()
def agreement(
    classifier: LabelClassifier, pictures: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> dict[str, float]:
    """Share of ``(n, 256, 256, 3)`` pictures whose label the judge finds again, per field."""
    logits = classifier(reduce(pictures))
    truth = torch.from_numpy(labels.astype(np.int64))
    return {
        f: float((o.argmax(1) == truth[:, i]).float().mean())
        for i, (f, o) in enumerate(zip(FIELDS, logits, strict=True))
    }


@torch.no_grad()
def features(classifier: LabelClassifier, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What the judge sees in ``(n, 256, 256, 3)`` pictures, averaged over each: ``(n, 160)``."""
    seen: Tensor = classifier.body[:-2](reduce(pictures))
    return seen.mean(dim=(2, 3)).double().numpy()
