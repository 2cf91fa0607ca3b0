"""Stable Diffusion 1.x, 2.x and XL, as folders, .safetensors and .ckpt, through one loader."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from songreel_kit.errors import CheckpointIncomplete, CheckpointUnsupported
from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.checkpoints.families import FAMILIES, Family, TextEncoderSpec
from songreel_render.checkpoints.files import inspect_checkpoint, read_json
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.checkpoints.weight_files import family_of_file, read_state
from songreel_render.diffusion.prompt_embeddings import Conditioning, encode_prompts
from songreel_render.diffusion.sampler import Sampler, SamplerOptions
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.families import single_state, write_sd2, write_xl
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.single_file import to_single_file
from songreel_testing.render.storyboards import equal_scenes, storyboard_of
from songreel_testing.render.tiny_checkpoint import write_json
from transformers import CLIPTextConfig, CLIPTextModel

PROMPTS = ["a beach", "rain"]


@pytest.fixture(scope="module")
def xl(tmp_path_factory) -> Path:
    return write_xl(tmp_path_factory.mktemp("xl") / "tiny")


@pytest.fixture(scope="module")
def sd2(tmp_path_factory) -> Path:
    return write_sd2(tmp_path_factory.mktemp("sd2") / "tiny")


def load(path: Path, **options: object) -> Checkpoint:
    loader = CheckpointLoader(device="cpu", dtype="float32", **options)
    return loader.load(loader.inspect(path).files)


def draw(checkpoint: Checkpoint, guidance: float = 1.0) -> torch.Tensor:
    sampler = Sampler(checkpoint, SamplerOptions(2, guidance, size=64))
    noise = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    text = encode_prompts(checkpoint, PROMPTS)
    negative = encode_prompts(checkpoint, ["", "ugly"], negative=True) if guidance > 1 else None
    return sampler.decode(sampler.denoise(noise, text, negative, [1, 2]))


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
@pytest.mark.parametrize("kind", ["sd1", "sd2", "xl"])
def test_a_single_file_draws_what_its_folder_draws(
    kind: str, suffix: str, xl: Path, sd2: Path, checkpoint: Path, tmp_path: Path
) -> None:
    folder = {"sd1": checkpoint, "sd2": sd2, "xl": xl}[kind]
    state = single_state(folder) if kind != "sd1" else None
    file = tmp_path / f"tiny{suffix}"
    if state is None:
        state = read_state(to_single_file(checkpoint, tmp_path / "sd1.safetensors"))
    if suffix == ".ckpt":
        torch.save({"state_dict": state, "global_step": 470000, "epoch": 3}, file)
    else:
        save_file(state, file)
    assert family_of_file(file).name == {"sd1": "sd1", "sd2": "sd2", "xl": "sdxl"}[kind]
    single = load(file, single_file_config=folder, clip_tokenizer=folder / "tokenizer")
    ours = load(folder)
    if kind != "sd1":
        # OpenCLIP's padding, which folders write down, is "!" in files.
        ours.text_encoders[-1].tokenizer.pad_token = "!"
    torch.testing.assert_close(draw(single), draw(ours), atol=1e-5, rtol=1e-4)


def test_xl_is_encoded_as_diffusers_does_it(xl: Path) -> None:
    ours = load(xl)
    one, two = ours.text_encoders
    pipeline = StableDiffusionXLPipeline(
        vae=ours.autoencoder, text_encoder=one.network, text_encoder_2=two.network,
        tokenizer=one.tokenizer, tokenizer_2=two.tokenizer, unet=ours.unet,
        scheduler=ours.new_scheduler(2), add_watermarker=False,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    told = pipeline.encode_prompt("a beach", negative_prompt="")
    text = encode_prompts(ours, ["a beach"])
    nothing = encode_prompts(ours, [""], negative=True)
    torch.testing.assert_close(text.tokens, told[0])
    torch.testing.assert_close(text.pooled, told[2])
    # A pipeline zeroes them where no negative prompt is given at all.
    assert not nothing.tokens.any()
    assert not nothing.pooled.any()
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = pipeline(
        prompt_embeds=told[0], pooled_prompt_embeds=told[2],
        negative_prompt_embeds=nothing.tokens, negative_pooled_prompt_embeds=nothing.pooled,
        latents=noise.clone(), num_inference_steps=2, guidance_scale=4.0, height=64, width=64,
        output_type="latent",
    ).images  # fmt: skip
    sampler = Sampler(ours, SamplerOptions(2, 4.0, size=64))
    drawn = sampler.denoise(noise, text, nothing, [1])
    torch.testing.assert_close(drawn, expected, atol=1e-3, rtol=1e-3)


def test_a_video_with_xl_and_guidance(xl: Path, tmp_path: Path, song: Path) -> None:
    harness = RenderHarness(tmp_path, xl)
    board = storyboard_of(*equal_scenes(2.0))
    result = harness.render(harness.request(song, analysis_of(2.0), board, guidance_scale=3.0))
    assert len(harness.decode(result.video).times) == 24


def test_an_xl_folder_needs_its_second_text_encoder(xl: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(xl, tmp_path / "broken")
    shutil.rmtree(broken / "text_encoder_2")
    with pytest.raises(CheckpointIncomplete, match="text_encoder_2"):
        CheckpointLoader(device="cpu").inspect(broken)


class _Trap:
    def __reduce__(self):
        return (print, ("the pickle ran code",))


def test_a_pickle_that_would_run_code_is_refused_and_does_not(tmp_path: Path, capsys) -> None:
    file = tmp_path / "trap.ckpt"
    torch.save({"state_dict": {"model.diffusion_model.x": _Trap()}}, file)
    with pytest.raises(CheckpointUnsupported, match="could run code"):
        family_of_file(file)
    file.write_bytes(pickle.dumps({"state_dict": _Trap()}))
    with pytest.raises((CheckpointUnsupported, CheckpointIncomplete)):
        family_of_file(file)
    assert capsys.readouterr().out == ""


def test_an_inpainting_file_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    state = read_state(to_single_file(checkpoint, tmp_path / "sd1.safetensors"))
    file = tmp_path / "tiny.safetensors"
    state["model.diffusion_model.input_blocks.0.0.weight"] = torch.zeros(16, 9, 3, 3)
    save_file(state, file)
    with pytest.raises(CheckpointUnsupported, match="9 channels"):
        family_of_file(file)


@pytest.mark.parametrize(
    ("step", "beside", "prediction"),
    [
        (875000, {}, "epsilon"), (140000, {}, "v_prediction"), (None, {}, "v_prediction"),
        (None, {"prediction_type": "epsilon", "steps": 3}, "epsilon"),
    ],
)  # fmt: skip
def test_what_a_file_of_2_x_predicts(
    sd2: Path, tmp_path: Path, step: int | None, beside: dict, prediction: str
) -> None:
    file = tmp_path / "two.ckpt"
    torch.save({"state_dict": single_state(sd2)} | ({"global_step": step} if step else {}), file)
    if beside:
        write_json(tmp_path / "two.songreel.json", beside)
    loaded = load(file, single_file_config=sd2, clip_tokenizer=sd2 / "tokenizer")
    assert loaded.new_scheduler(2).config.prediction_type == prediction
    if beside:
        loader = CheckpointLoader(
            device="cpu", single_file_config=sd2, clip_tokenizer=sd2 / "tokenizer"
        )
        assert loader.inspect(file).steps == 3


@pytest.mark.parametrize(
    ("family", "unet", "text"),
    [
        ("sd1", 859_520_964, [123_060_480]), ("sd2", 865_910_724, [340_387_840]),
        ("sdxl", 2_567_463_684, [123_060_480, 694_659_840]),
    ],
)  # fmt: skip
def test_the_configurations_are_of_the_published_sizes(
    family: str, unet: int, text: list[int]
) -> None:
    folder = FAMILIES[family].configs
    with torch.device("meta"):
        networks = [
            UNet2DConditionModel.from_config(read_json(folder / "unet" / "config.json")),
            AutoencoderKL.from_config(read_json(folder / "vae" / "config.json")),
            *(
                spec.network(CLIPTextConfig(**read_json(folder / spec.part / "config.json")))
                for spec in FAMILIES[family].text_encoders
            ),
        ]
    counts = [sum(weight.numel() for weight in network.parameters()) for network in networks]
    assert counts == [unet, 83_653_863, *text]


def test_latents_of_any_factor_and_channels(checkpoint: Path, tmp_path: Path, song: Path) -> None:
    """sprout's: 32 channels, 16 pixels a latent, unit variance by per-channel statistics."""
    folder = shutil.copytree(checkpoint, tmp_path / "f16")
    for name in ("unet", "vae"):
        shutil.rmtree(folder / name)
    torch.manual_seed(1)
    UNet2DConditionModel(
        sample_size=4, in_channels=32, out_channels=32, block_out_channels=(16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), norm_num_groups=8,
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=32,
        attention_head_dim=2,
    ).save_pretrained(folder / "unet")  # fmt: skip
    AutoencoderKL(
        block_out_channels=(8, 8, 8, 8, 8), norm_num_groups=4, layers_per_block=1,
        latent_channels=32, sample_size=64, down_block_types=("DownEncoderBlock2D",) * 5,
        up_block_types=("UpDecoderBlock2D",) * 5, latents_mean=[0.5] * 32, latents_std=[2.0] * 32,
        scaling_factor=1.0,
    ).save_pretrained(folder / "vae")  # fmt: skip
    harness = RenderHarness(tmp_path / "stage", folder)
    result = harness.render(
        harness.request(
            song, analysis_of(2.0), storyboard_of(*equal_scenes(2.0)), guidance_scale=3.0
        )
    )
    decoded = harness.decode(result.video)
    assert decoded.frames.shape[1:3] == (64, 64)
    sampler = Sampler(load(folder), SamplerOptions(1, 1.0))
    latents = torch.randn(1, 32, 4, 4, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        plain = sampler.checkpoint.autoencoder.decode(latents * 2.0 + 0.5).sample
    torch.testing.assert_close(sampler.decode(latents), (plain * 0.5 + 0.5).clamp(0, 1))


@pytest.fixture
def velvet(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Family:
    """A made-up family: Stable Diffusion 1.x that predicts the velocity and pads with "!"."""
    configs = shutil.copytree(checkpoint, tmp_path / "velvet")
    scheduler = configs / "scheduler" / "scheduler_config.json"
    write_json(scheduler, read_json(scheduler) | {"prediction_type": "v_prediction"})
    write_json(configs / "model_index.json", {"_class_name": "VelvetPipeline"})
    family = Family(
        name="velvet",
        pipelines=("VelvetPipeline",),
        owns_folder=lambda pipeline, _: pipeline == "VelvetPipeline",
        file_prefix="velvet.",
        text_prefix="cond_stage_model.",
        configs=configs,
        text_encoders=(TextEncoderSpec("text_encoder", CLIPTextModel, "!"),),
    )
    rows = {"velvet": family, **FAMILIES}
    monkeypatch.setattr("songreel_render.checkpoints.families.FAMILIES", rows)
    return family


def test_a_family_is_one_row(
    velvet: Family, harness: RenderHarness, song: Path, checkpoint: Path, tmp_path: Path
) -> None:
    state = read_state(to_single_file(checkpoint, tmp_path / "plain.safetensors"))
    file = tmp_path / "velvet.safetensors"
    save_file(state | {"velvet.version": torch.ones(1)}, file)
    assert family_of_file(file) is inspect_checkpoint(velvet.configs).family is velvet
    loaded = load(file)
    assert loaded.text_encoders[0].tokenizer.pad_token == "!"
    assert loaded.new_scheduler(2).config.prediction_type == "v_prediction"

    result = harness.render(harness.simple_request(song, checkpoint=str(file)))
    drawn = harness.decode(result.video)
    plain = harness.decode(harness.render(harness.simple_request(song)).video)
    assert len(drawn.times) == len(plain.times) == 24
    assert drawn.sha256 != plain.sha256


def test_rows_of_a_conditioning_stay_together() -> None:
    both = Conditioning(torch.arange(6.0).view(3, 2, 1), torch.arange(3.0).view(3, 1))
    picked = both.rows(np.array([2, 0]))
    assert picked.tokens[:, 0, 0].tolist() == [4.0, 0.0]
    assert picked.pooled[:, 0].tolist() == [2.0, 0.0]
