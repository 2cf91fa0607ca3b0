"""Checkpoints: folders and single files load; what is missing is named."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import LatentConsistencyModelPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.errors import (
    CheckpointIncomplete,
    CheckpointNotFound,
    CheckpointUnsupported,
    InvalidRenderSettings,
    UnknownSchedule,
)
from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.diffusion.prompt_embeddings import cut_prompts, encode_prompts
from songreel_render.diffusion.sampler import Sampler, SamplerOptions
from songreel_render.plan.settings_resolution import resolve_settings
from songreel_testing.render.single_file import to_single_file
from songreel_testing.render.tiny_checkpoint import PARTS, write_json


@pytest.fixture(scope="module")
def loader() -> CheckpointLoader:
    return CheckpointLoader(device="cpu", dtype="float32")


@pytest.fixture
def broken(checkpoint: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return shutil.copytree(checkpoint, tmp_path / "broken")


def load(path: Path, **options: object) -> Checkpoint:
    loader = CheckpointLoader(device="cpu", dtype="float32", **options)
    return loader.load(loader.inspect(path).files)


def test_a_folder_loads_with_its_own_defaults(loader: CheckpointLoader, checkpoint: Path) -> None:
    shape = loader.inspect(checkpoint)
    assert (shape.steps, shape.guidance_scale, shape.native_size) == (2, 1.0, 64)
    assert shape.size_multiple == 8
    loaded = loader.load(shape.files)
    assert loaded.latent_channels == 4
    assert loaded.pixels_per_latent == 8
    assert encode_prompts(loaded, ["a beach", ""]).tokens.shape == (2, 16, 32)
    assert loader.load(shape.files) is loaded, "kept in memory"


def test_a_folder_without_defaults_takes_20_steps_and_guidance_of_7_5(
    loader: CheckpointLoader, broken: Path
) -> None:
    (broken / "songreel.json").unlink()
    shape = loader.inspect(broken)
    assert (shape.steps, shape.guidance_scale) == (20, 7.5)
    assert shape.native_size == 8 * 8, "from the UNet's configuration"


def test_prompts_beyond_the_text_encoder_are_noticed(checkpoint: Path) -> None:
    assert cut_prompts(load(checkpoint), ["beach", "xyz" * 20]) == [1]


def test_merges_of_a_tokenizer_without_tokenizer_json_are_used(checkpoint: Path) -> None:
    tokens = load(checkpoint).text_encoders[0].tokenizer("beach").input_ids
    assert len(tokens) == 3, "start, one word, end"


def test_a_single_file_gives_the_same_networks_as_its_folder(
    checkpoint: Path, tmp_path: Path
) -> None:
    file = to_single_file(checkpoint, tmp_path / "tiny.safetensors")
    single = load(file, single_file_config=checkpoint, clip_tokenizer=checkpoint / "tokenizer")
    folder = load(checkpoint)
    torch.testing.assert_close(
        encode_prompts(single, ["a beach"]).tokens, encode_prompts(folder, ["a beach"]).tokens
    )
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    text = encode_prompts(folder, ["a beach"]).tokens
    with torch.inference_mode():
        for part in (single, folder):
            part.unet.eval()
        torch.testing.assert_close(
            single.unet(latents, 500, text).sample, folder.unet(latents, 500, text).sample
        )
        torch.testing.assert_close(
            single.autoencoder.decode(latents).sample, folder.autoencoder.decode(latents).sample
        )


def test_a_single_file_without_a_tokenizer_says_where_to_get_one(
    checkpoint: Path, tmp_path: Path, loader: CheckpointLoader
) -> None:
    file = to_single_file(checkpoint, tmp_path / "tiny.safetensors")
    with pytest.raises(CheckpointIncomplete, match="SONGREEL_RENDER_CLIP_TOKENIZER"):
        loader.inspect(file)


@pytest.mark.parametrize(
    ("prefix", "part"),
    [("first_stage_model.", "vae"), ("cond_stage_model.", "text_encoder"), ("model.", "unet")],
)
def test_a_single_file_names_the_part_it_lacks(
    checkpoint: Path, tmp_path: Path, loader: CheckpointLoader, prefix: str, part: str
) -> None:
    file = to_single_file(checkpoint, tmp_path / "tiny.safetensors")
    kept = {name: value for name, value in load_file(file).items() if not name.startswith(prefix)}
    save_file(kept, file)
    with pytest.raises(CheckpointIncomplete, match=part) as caught:
        loader.inspect(file)
    assert caught.value.metadata["missing"] == part


@pytest.mark.parametrize("name", ["joint_blocks.0.x", "double_blocks.0.x"])
def test_single_files_of_other_models_are_refused(
    tmp_path: Path, loader: CheckpointLoader, name: str
) -> None:
    save_file({name: torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointUnsupported, match=re.escape("other.safetensors")):
        loader.inspect(tmp_path / "other.safetensors")


def test_damaged_files_and_other_endings_are_refused(
    tmp_path: Path, loader: CheckpointLoader
) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80\x04")
    with pytest.raises(CheckpointUnsupported, match="convert it first"):
        loader.inspect(tmp_path / "model.pt")
    for name in ("half.safetensors", "half.ckpt"):
        (tmp_path / name).write_bytes(b"PK\x03\x04" + b"\x00" * 100)
        with pytest.raises(CheckpointIncomplete, match="copy it again"):
            loader.inspect(tmp_path / name)


def test_nothing_there(tmp_path: Path, loader: CheckpointLoader) -> None:
    with pytest.raises(CheckpointNotFound, match="nowhere"):
        loader.inspect(tmp_path / "nowhere")


@pytest.mark.parametrize("part", [*PARTS, "model_index.json"])
def test_a_missing_part_is_named(broken: Path, loader: CheckpointLoader, part: str) -> None:
    path = broken / part
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(CheckpointIncomplete, match=part) as caught:
        loader.inspect(broken)
    assert caught.value.metadata["missing"] == part


@pytest.mark.parametrize(
    "file",
    [
        "unet/config.json", "vae/config.json", "text_encoder/config.json",
        "scheduler/scheduler_config.json", "tokenizer/vocab.json",
    ],
)  # fmt: skip
def test_a_missing_file_is_named(broken: Path, loader: CheckpointLoader, file: str) -> None:
    (broken / file).unlink()
    with pytest.raises(CheckpointIncomplete, match=file) as caught:
        loader.inspect(broken)
    assert caught.value.metadata["missing"] == file


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_missing_weights_are_named(broken: Path, loader: CheckpointLoader, part: str) -> None:
    (weights,) = (broken / part).glob("*.safetensors")
    weights.unlink()
    with pytest.raises(CheckpointIncomplete, match=f"no weights in {part}"):
        loader.inspect(broken)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_damaged_weights_are_named(broken: Path, part: str) -> None:
    (weights,) = (broken / part).glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(CheckpointIncomplete, match=f"the {part} of"):
        load(broken)


def test_other_kinds_of_models_are_refused(broken: Path, loader: CheckpointLoader) -> None:
    write_json(broken / "model_index.json", {"_class_name": "FluxPipeline"})
    with pytest.raises(CheckpointUnsupported, match="FluxPipeline"):
        loader.inspect(broken)


def test_an_editing_unet_and_an_inpainting_unet_are_refused(
    broken: Path, loader: CheckpointLoader
) -> None:
    config = broken / "unet" / "config.json"
    plain = json.loads(config.read_text())
    for change in ({"addition_embed_type": "image"}, {"in_channels": 9}):
        write_json(config, plain | change)
        with pytest.raises(CheckpointUnsupported):
            loader.inspect(broken)


def test_the_embedded_checkpoint_is_one_that_can_be_drawn_with(loader: CheckpointLoader) -> None:
    sprout = Path(__file__).parents[4] / "models/sprout"
    assert loader.inspect(sprout).native_size == 256


def test_unusable_defaults_are_refused(broken: Path, loader: CheckpointLoader) -> None:
    write_json(broken / "songreel.json", {"steps": 0})
    with pytest.raises(CheckpointIncomplete, match="steps"):
        loader.inspect(broken)


def test_pndm_is_drawn_as_ddim_without_clipping(broken: Path) -> None:
    write_json(
        broken / "scheduler" / "scheduler_config.json",
        {"_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012},
    )
    scheduler = load(broken).new_scheduler(5)
    assert type(scheduler).__name__ == "DDIMScheduler"
    assert len(scheduler.timesteps) == 5
    assert not scheduler.config.clip_sample
    assert not scheduler.config.set_alpha_to_one


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"size": 60}, "size"), ({"size": 8}, "size"), ({"size": 4096}, "size"),
        ({"steps": -1}, "steps"), ({"steps": 201}, "steps"), ({"guidance_scale": 0.5}, "guidance"),
        ({"seed": -1}, "seed"), ({"fps": "no"}, "fps"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(
    loader: CheckpointLoader, checkpoint: Path, settings: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidRenderSettings, match=field):
        resolve_settings(RenderSettings(**settings), loader.inspect(checkpoint), "")


def test_settings_left_open_are_filled_in(loader: CheckpointLoader, checkpoint: Path) -> None:
    settings = resolve_settings(RenderSettings(), loader.inspect(checkpoint), "here")
    assert (settings.fps, settings.size, settings.steps) == ("24", 64, 2)
    assert (settings.schedule, settings.guidance_scale) == ("onset", 1.0)
    with pytest.raises(UnknownSchedule):
        resolve_settings(RenderSettings(schedule="waltz"), loader.inspect(checkpoint), "")


def test_a_distilled_network_takes_the_guidance_as_an_input(broken: Path) -> None:
    torch.manual_seed(3)
    UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 16, 32, 32), norm_num_groups=8,
        cross_attention_dim=32, attention_head_dim=2, time_cond_proj_dim=32,
    ).save_pretrained(broken / "unet")  # fmt: skip
    write_json(broken / "scheduler" / "scheduler_config.json", {"_class_name": "LCMScheduler"})
    distilled = load(broken)
    noise = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    text = encode_prompts(distilled, ["a beach", "a lake"])
    pictures: list[torch.Tensor] = []
    for scale in (1.5, 8.5):
        sampler = Sampler(distilled, SamplerOptions(2, scale))
        assert not sampler.guided, "it need not run twice"
        pictures.append(sampler.denoise(noise, text, None, [1, 2]))
    embedding = Sampler(distilled, SamplerOptions(2, 8.5))._guidance_embedding(1)
    expected = LatentConsistencyModelPipeline.get_guidance_scale_embedding(
        None, torch.tensor([7.5]), embedding_dim=32
    )
    torch.testing.assert_close(embedding, expected)
    assert not torch.allclose(*pictures)


def test_noise_added_at_each_step_depends_on_the_scene_not_on_the_batch(broken: Path) -> None:
    write_json(broken / "scheduler" / "scheduler_config.json", {"_class_name": "LCMScheduler"})
    sampler = Sampler(load(broken), SamplerOptions(3, 1.0))
    noise = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    text = encode_prompts(sampler.checkpoint, ["a beach"] * 3)
    whole = sampler.denoise(noise, text, None, [1, 1, 2])
    alone = sampler.denoise(noise[1:2], text.rows(np.array([0])), None, [1])
    torch.testing.assert_close(whole[1:2], alone, atol=1e-4, rtol=1e-4)
