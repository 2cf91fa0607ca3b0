"""What every service counts for Prometheus besides its calls: models and caches."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

from prometheus_client import Counter, Histogram

from songreel_kit.telemetry.tracing import span

Model = Literal["checkpoint", "lora", "person", "preview", "speech", "face_embedder", "face_mesh"]
"""Kinds of models that are loaded into memory. `lora`: merged into a checkpoint; `person`:
an adapter under a grant; `preview`: a small autoencoder."""

Cache = Literal[
    "analysis", "storyboard", "video", "segment", "artifact", "checkpoint", "lora", "embedding"
]
"""Analysis, storyboard, video and segment: results of earlier work, in the store.
Artifact: local copies of what is in S3. Checkpoint, one with LoRA, and the embedding of a
prompt: in memory."""

MODEL_LOADS = Histogram(
    "songreel_model_load_seconds",
    "Seconds that it took to load a model, those that could not be loaded too.",
    ["model"],
    buckets=(0.05, 0.2, 0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320),
)

MODEL_FAILURES = Counter(
    "songreel_model_load_failures", "Models that could not be loaded.", ["model"]
)

CACHE_LOOKUPS = Counter(
    "songreel_cache_lookups",
    "What was looked for in a cache, and whether it was there.",
    ["cache", "outcome"],
)


@contextmanager
def loading(model: Model) -> Generator[None]:
    """Times and counts the load of a model, and makes it a span."""
    began = time.monotonic()
    try:
        with span(f"load {model}"):
            yield
    except BaseException:
        MODEL_FAILURES.labels(model).inc()
        raise
    finally:
        MODEL_LOADS.labels(model).observe(time.monotonic() - began)


def looked_up(cache: Cache, *, hit: bool, times: int = 1) -> None:
    """Counts what was looked for."""
    if times:
        CACHE_LOOKUPS.labels(cache, "hit" if hit else "miss").inc(times)
