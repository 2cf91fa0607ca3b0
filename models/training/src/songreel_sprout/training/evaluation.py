"""Evaluation of a checkpoint, in figures.

Caption agreement, distance to held-out paintings, smoothness along a path, speed, and whether a
photographed face is still the same person after the autoencoder.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image
from scipy.linalg import sqrtm

from songreel_sprout.captions.captions import canonical
from songreel_sprout.captions.labels import Labels, random_indices
from songreel_sprout.networks.codec import SHAPE
from songreel_sprout.painter.scenes import HELD_OUT, open_scenes
from songreel_sprout.training.label_classifier import agreement, features, load_or_train


@dataclass(frozen=True)
class SamplingSettings:
    """How a checkpoint is sampled."""

    steps: int
    guidance: float


def sampling_settings(checkpoint: Path) -> SamplingSettings:
    """The settings in a checkpoint's `songreel.json`."""
    wanted = json.loads((checkpoint / "songreel.json").read_text(encoding="utf-8"))
    return SamplingSettings(int(wanted["steps"]), float(wanted["guidance_scale"]))


def _draw(
    pipe: StableDiffusionPipeline,
    prompts: list[str],
    noise: torch.Tensor,
    sampling: SamplingSettings,
) -> NDArray[np.uint8]:
    """``(n, 256, 256, 3)`` pictures of prompts from given noise ``(n, 8, 32, 32)``."""
    out: list[NDArray[np.uint8]] = []
    for i in range(0, len(prompts), 8):
        run: Any = pipe
        pictures = run(
            prompts[i : i + 8],
            latents=noise[i : i + 8],
            num_inference_steps=sampling.steps,
            guidance_scale=sampling.guidance,
            output_type="np",
        ).images
        out.append((255 * np.asarray(pictures)).round().astype(np.uint8))
    return np.concatenate(out)


def frechet(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Fréchet distance of two sets of features ``(n, d)``, as if each were a normal distribution.

    Heusel et al. 2017 (FID), with the judge's features in place of Inception's.
    """
    mean = a.mean(axis=0) - b.mean(axis=0)
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.real(np.asarray(sqrtm(first @ second)))
    return float(mean @ mean + np.trace(first + second - 2 * root))


def caption_agreement(
    pipe: StableDiffusionPipeline, work: Path, count: int, sampling: SamplingSettings
) -> dict[str, dict[str, float]]:
    """Agreement of the judge on held-out paintings, their reconstructions, and drawings.

    `distance` is the Fréchet distance to ``count`` other held-out paintings (for the painted row:
    what two sets of paintings have between them).
    """
    scenes = open_scenes(work / "scenes")
    classifier = load_or_train(scenes, work / "judge.pt", held=HELD_OUT)
    half = HELD_OUT // 2
    count = min(count, half)
    painted, labels = np.asarray(scenes.pictures[-count:]), scenes.labels[-count:]
    others = features(classifier, np.asarray(scenes.pictures[-HELD_OUT : half - HELD_OUT]))

    def row(pictures: NDArray[np.uint8], truth: NDArray[np.uint8]) -> dict[str, float]:
        return agreement(classifier, pictures, truth) | {
            "distance": frechet(features(classifier, pictures), others)
        }

    back = _reconstruct(pipe, painted)
    error = np.mean((back.astype(np.float64) - painted) ** 2, axis=(1, 2, 3))
    psnr = float(np.mean(10 * np.log10(255**2 / error)))
    # Fresh combinations of labels, fresh noise: neither was seen in training.
    rng = np.random.default_rng(99)
    wanted = random_indices(rng, count)
    prompts = [canonical(Labels.from_indices(i)) for i in wanted]
    noise = torch.from_numpy(rng.standard_normal((count, *SHAPE)).astype(np.float32))
    return {
        "painted": row(painted, labels),
        "reconstructed": row(back, labels) | {"psnr_db": psnr},
        "drawn": row(_draw(pipe, prompts, noise, sampling), wanted),
    }


@torch.no_grad()
def _reconstruct(pipe: StableDiffusionPipeline, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures ``(n, h, w, 3)`` through the autoencoder."""
    decoded: list[NDArray[np.uint8]] = []
    for i in range(0, len(pictures), 8):
        x = torch.from_numpy(pictures[i : i + 8]).permute(0, 3, 1, 2).float() / 127.5 - 1
        y = pipe.vae.decode(pipe.vae.encode(x).latent_dist.mode()).sample.clamp(-1, 1)
        decoded.append((127.5 * (y + 1)).round().byte().permute(0, 2, 3, 1).contiguous().numpy())
    return np.concatenate(decoded)


def face_distances(pipe: StableDiffusionPipeline, folder: Path) -> dict[str, float]:
    """Distance of dlib's embeddings between each photograph of a face and its reconstruction.

    Photographs (``.jpg``, ``.png``) and three frames of each clip (``.mp4``) of ``folder``, cut
    to head and shoulders at 256 px. Under .6 is the same person to dlib; issue and card ask for
    .4.

    Raises:
        ValueError: when a face cannot be found, before or after.
    """
    import dlib

    library: Any = dlib
    spec = find_spec("face_recognition_models")
    assert spec is not None
    assert spec.origin is not None
    weights = Path(spec.origin).parent / "models"
    detector = library.get_frontal_face_detector()
    points = library.shape_predictor(str(weights / "shape_predictor_68_face_landmarks.dat"))
    network = library.face_recognition_model_v1(
        str(weights / "dlib_face_recognition_resnet_model_v1.dat")
    )

    def found(name: str, picture: NDArray[np.uint8]) -> Any:
        places = list(detector(picture, 1))
        if not places:
            raise ValueError(f"no face found in {name}")
        return max(places, key=lambda place: place.area())

    def embedding(name: str, picture: NDArray[np.uint8]) -> NDArray[np.float64]:
        shape = points(picture, found(name, picture))
        return np.array(network.compute_face_descriptor(picture, shape))

    out: dict[str, float] = {}
    for name, picture in _photographs(folder):
        face = found(name, picture)
        x, y = (face.left() + face.right()) / 2, (face.top() + face.bottom()) / 2
        r = 0.95 * face.width()
        box = (round(x - r), round(y - 1.05 * r), round(x + r), round(y + 0.95 * r))
        head = np.array(Image.fromarray(picture).crop(box).resize((256, 256)))
        back = _reconstruct(pipe, head[None])[0]
        out[name] = float(np.linalg.norm(embedding(name, head) - embedding(name, back)))
    return out


def _photographs(folder: Path) -> list[tuple[str, NDArray[np.uint8]]]:
    import av

    out: list[tuple[str, NDArray[np.uint8]]] = []
    for path in sorted(folder.iterdir()):
        if path.suffix in (".jpg", ".png"):
            out.append((path.stem, np.asarray(Image.open(path).convert("RGB"))))
        elif path.suffix == ".mp4":
            with av.open(str(path)) as clip:
                for i, frame in zip(range(51), clip.decode(video=0), strict=False):
                    if i % 25 == 0:
                        out.append((f"{path.stem}-{i}", np.asarray(frame.to_image())))
    return out


def smoothness(
    pipe: StableDiffusionPipeline, sampling: SamplingSettings, frames: int = 24
) -> dict[str, float]:
    """Change between neighbours on a slerp path of a quarter turn, mean absolute, 0..255.

    ``largest_over_median`` near 1 means that nothing pops.
    """
    rng = torch.Generator().manual_seed(5)
    a, b = torch.randn(2, 1, *SHAPE, generator=rng)
    angles = torch.linspace(0, torch.pi / 2, frames).view(-1, 1, 1, 1)
    noise = torch.cos(angles) * a + torch.sin(angles) * b
    prompt = "cartoon of a woman at the beach, sunset, clear sky, close-up, joyful"
    pictures = _draw(pipe, [prompt] * frames, noise, sampling).astype(np.float64)
    change = np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2, 3))
    return {
        "median": float(np.median(change)),
        "largest": float(change.max()),
        "largest_over_median": float(change.max() / np.median(change)),
        "ends": float(np.abs(pictures[-1] - pictures[0]).mean()),
    }


def speed(
    pipe: StableDiffusionPipeline, sampling: SamplingSettings, batch: int = 16
) -> list[dict[str, float | int]]:
    """Pictures a second in batches of ``batch``, for several steps and sizes, best of two.

    The first row is the checkpoint's own settings at 256 px.
    """
    steps = (1, 2, 4, 8)
    rows = [(sampling.steps, 256), *((n, 256) for n in steps if n != sampling.steps)]
    rows += [(sampling.steps, 192), (sampling.steps, 384)]
    table: list[dict[str, float | int]] = []
    for count, side in rows:
        noise = torch.randn(batch, SHAPE[0], side // 8, side // 8)
        times: list[float] = []
        for _ in range(2):
            start = time.perf_counter()
            _draw(
                pipe,
                ["cartoon of a dog"] * batch,
                noise,
                SamplingSettings(count, sampling.guidance),
            )
            times.append(time.perf_counter() - start)
        table.append({"steps": count, "size": side, "pictures_per_s": batch / min(times)})
    return table


def measure(checkpoint: Path, work: Path, pictures: int, photographs: Path | None) -> str:
    """All measures of a checkpoint as JSON text."""
    sampling = sampling_settings(checkpoint)
    pipe = StableDiffusionPipeline.from_pretrained(checkpoint, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    pipe.vae.to(memory_format=torch.channels_last)
    pipe.unet.to(memory_format=torch.channels_last)
    report: dict[str, Any] = {"steps": sampling.steps, "guidance": sampling.guidance}
    report["speed"] = speed(pipe, sampling)
    report["slerp"] = smoothness(pipe, sampling)
    if photographs is not None:
        distances = face_distances(pipe, photographs)
        report["faces"] = distances | {"largest": max(distances.values())}
    report["agreement"] = caption_agreement(pipe, work, pictures, sampling)
    return json.dumps(report, indent=2)
