"""One picture in a process of its own: `python -m bench.render.one_picture CHECKPOINT SIZE`.

Prints a JSON object: shapes, and memory in MiB.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import torch
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.diffusion.prompt_embeddings import encode_prompts
from songreel_render.diffusion.sampler import Sampler, SamplerOptions


def main() -> None:
    """Loads, draws one picture in one step with guidance, and measures."""
    folder, size = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    begun = memory("RssAnon")
    loader = CheckpointLoader(device="cpu", dtype="auto")
    shape = loader.inspect(folder)
    clock = time.process_time()
    checkpoint = loader.load(shape.files)
    loading = time.process_time() - clock
    loaded = memory("RssAnon")
    networks = [
        checkpoint.unet,
        checkpoint.autoencoder,
        *(encoder.network for encoder in checkpoint.text_encoders),
    ]
    weights = sum(
        weight.numel() * weight.element_size()
        for network in networks
        for weight in network.parameters()
    )
    side = size // checkpoint.pixels_per_latent
    clock = time.process_time()
    text = encode_prompts(checkpoint, ["a beach"])
    negative = encode_prompts(checkpoint, ["ugly"], negative=True)
    sampler = Sampler(checkpoint, SamplerOptions(1, 5.0, size=size))
    noise = torch.randn(1, checkpoint.latent_channels, side, side)
    picture = sampler.decode(sampler.denoise(noise, text, negative, [1]))
    print(
        json.dumps(
            {
                "family": shape.files.family.name,
                "precision": loader.describe(),
                "native_size": shape.native_size,
                "text": list(text.tokens.shape),
                "pooled": None if text.pooled is None else list(text.pooled.shape),
                "picture": list(picture.shape),
                "finite": bool(picture.isfinite().all()),
                "varied": float(picture.std()),
                "weights_mib": weights / 2**20,
                "loaded_mib": loaded - begun,
                "peak_mib": memory("VmHWM"),
                "loading_cpu_s": loading,
                "drawing_cpu_s": time.process_time() - clock,
            }
        )
    )


def memory(name: str) -> float:
    """MiB of this process, as the kernel counts them: "RssAnon", "VmHWM" (the peak)."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found, f"the kernel does not tell {name}"
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
