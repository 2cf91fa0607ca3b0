"""The committed checkpoint loads as it is, is small enough, and shows what it is told."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from songreel_sprout.captions.captions import canonical
from songreel_sprout.captions.labels import FIELDS, NAMES, Knobs, Labels
from songreel_sprout.networks.tokenizer import load_tokenizer
from songreel_sprout.painter.painter import paint
from songreel_sprout.painter.scenes import draw_knobs
from songreel_sprout.training.evaluation import sampling_settings
from songreel_sprout.training.sheets import draw

FOLDER = Path(__file__).resolve().parents[2] / "sprout"

pytestmark = pytest.mark.skipif(
    not (FOLDER / "model_index.json").exists(), reason="no checkpoint exported yet"
)


@pytest.fixture(scope="module")
def pipe() -> StableDiffusionPipeline:
    loaded = StableDiffusionPipeline.from_pretrained(FOLDER, safety_checker=None)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def _draw(
    pipe: StableDiffusionPipeline, prompts: list[str], seed: int, steps: int = 2
) -> np.ndarray:
    out = pipe(
        prompts,
        num_inference_steps=steps,
        guidance_scale=1.0,
        generator=[torch.Generator().manual_seed(seed) for _ in prompts],
        output_type="np",
    )
    return 255 * np.asarray(out.images)


def test_it_weighs_at_most_forty_megabytes() -> None:
    weights = [f for f in FOLDER.rglob("*") if f.suffix in (".safetensors", ".json", ".txt")]
    assert sum(f.stat().st_size for f in weights) <= 40_000_000


def _published(field: str) -> tuple[str, ...]:
    words = json.loads((FOLDER / "vocabulary.json").read_text(encoding="utf-8"))
    return tuple(words["labels"][field])


def test_the_published_vocabulary_is_the_painters_or_an_earlier_one() -> None:
    for field in FIELDS:
        # Classes are added at the end, painted before they are learnt.
        known = _published(field)
        assert known == NAMES[field][: len(known)]
    assert len(load_tokenizer(FOLDER / "tokenizer")) > 1000


def test_it_draws_pictures_of_256_px(pipe: StableDiffusionPipeline) -> None:
    pictures = _draw(pipe, ["cartoon of a woman at the beach, sunset, clear, close-up, joyful"], 0)
    assert pictures.shape == (1, 256, 256, 3)
    assert pictures.std() > 20


def test_the_same_noise_gives_the_same_picture(pipe: StableDiffusionPipeline) -> None:
    prompt = ["realistic of a car on the road, day, clear, medium, neutral"]
    assert np.array_equal(_draw(pipe, prompt, 3), _draw(pipe, prompt, 3))


def test_night_is_darker_than_day_and_a_sketch_paler_than_a_cartoon(
    pipe: StableDiffusionPipeline,
) -> None:
    rest = "an empty landscape in the meadow, {}, clear, wide, neutral"
    day, night, sketch = _draw(
        pipe,
        [
            "cartoon of " + rest.format("day"),
            "cartoon of " + rest.format("night"),
            "sketch of " + rest.format("day"),
        ],
        1,
    )
    assert night.mean() < day.mean() - 20
    assert np.ptp(sketch, axis=2).mean() < np.ptp(day, axis=2).mean()


def test_words_it_never_saw_are_no_error(pipe: StableDiffusionPipeline) -> None:
    assert _draw(pipe, ["zygomorphic Straßenlaterne 夜"], 2).shape == (1, 256, 256, 3)


def test_neighbouring_noise_gives_neighbouring_pictures(pipe: StableDiffusionPipeline) -> None:
    a, b = torch.randn(2, 1, 8, 32, 32, generator=torch.Generator().manual_seed(4))
    angles = (0.0, 0.03, 1.5)
    noise = torch.cat([np.cos(t) * a + np.sin(t) * b for t in angles])
    pictures = pipe(
        ["cartoon of a house at the lake, day, clear, medium, serene"] * 3,
        latents=noise,
        num_inference_steps=2,
        guidance_scale=1.0,
        output_type="np",
    ).images
    near = np.abs(pictures[1] - pictures[0]).mean()
    far = np.abs(pictures[2] - pictures[0]).mean()
    assert near < 0.25 * far


def _nearest_subject(picture: np.ndarray, labels: Labels, knobs: list[Knobs]) -> str:
    """The subject whose paintings, all else as in ``labels``, are nearest on average."""

    def distance(subject: str) -> float:
        painted = Labels(**{**labels.__dict__, "subject": subject})
        mean = np.mean(
            [np.asarray(paint(painted, k).reduce(8), dtype=float) for k in knobs], axis=0
        )
        return float(np.square(picture - mean).mean())

    return min(NAMES["subject"], key=distance)


@pytest.mark.slow
def test_the_main_subject_is_the_one_that_was_asked_for(pipe: StableDiffusionPipeline) -> None:
    knobs = [Knobs(*map(float, k)) for k in draw_knobs(np.random.default_rng(1), 4)]
    # A man and a child, or a woman and a child, differ by little more than their size.
    asked = [s for s in _published("subject") if s not in ("none", "child")]
    sampling = sampling_settings(FOLDER)
    found: dict[str, str] = {}
    for i, subject in enumerate(asked):
        labels = Labels(
            NAMES["style"][i % 3],
            NAMES["place"][i % 10],
            ("dawn", "day", "sunset")[i % 3],
            "clear",
            subject,
            ("close-up", "medium")[i % 2],
            NAMES["mood"][i % 5],
        )
        (picture,) = draw(pipe, [canonical(labels)], sampling.steps, i, sampling.guidance)
        found[subject] = _nearest_subject(np.asarray(picture.reduce(8), float), labels, knobs)
    wrong = {s: f for s, f in found.items() if s != f}
    # By chance one in twenty would be right.
    assert len(wrong) <= 3, wrong
