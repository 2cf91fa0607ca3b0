"""LoRA files of every writer change the checkpoint by weight * alpha / rank * up @ down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from songreel.render.v1.render_plan_pb2 import Lora
from songreel_kit.errors import InvalidRenderSettings, LoraUnusable
from songreel_kit.likeness.adapters import KIND, AdapterHead
from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.checkpoints.loras import LoadedLora, find_lora
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.families import write_xl
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import equal_scenes, storyboard_of
from songreel_testing.render.tiny_checkpoint import write_json

QUERY = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
OUT = "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0"
CONV = "up_blocks.1.resnets.0.conv1"
WORDS = "encoder.layers.1.self_attn.v_proj"
RANK = 3


@pytest.fixture(scope="module")
def loader() -> CheckpointLoader:
    return CheckpointLoader(device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def base(loader: CheckpointLoader, checkpoint: Path) -> Checkpoint:
    return loader.load(loader.inspect(checkpoint).files)


def weight(network, layer: str) -> torch.Tensor:
    modules = dict(network.named_modules())
    return modules.get(layer, modules.get(f"text_model.{layer}")).weight


def halves(network, layer: str, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """(down, up) of a layer, random."""
    generator = torch.Generator().manual_seed(seed)
    shape = weight(network, layer).shape
    ones = (1,) * (len(shape) - 2)
    down = torch.randn((RANK, *shape[1:]), generator=generator)
    return down, torch.randn((shape[0], RANK, *ones), generator=generator)


def full(down: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    return torch.einsum("or,r...->o...", up.flatten(1), down)


def dotted(names: dict[str, str], base: Checkpoint, down: str, up: str) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = {}
    for layer, name in names.items():
        network = base.text_encoders[0].network if layer == WORDS else base.unet
        state[name + down], state[name + up] = halves(network, layer)
    return state


def kohya(base: Checkpoint) -> dict[str, torch.Tensor]:
    names = {layer: "lora_unet_" + layer.replace(".", "_") for layer in (QUERY, OUT, CONV)}
    names[WORDS] = "lora_te_text_model_" + WORDS.replace(".", "_")
    state = dotted(names, base, ".lora_down.weight", ".lora_up.weight")
    return state | {f"{name}.alpha": torch.tensor(float(RANK)) for name in names.values()}


def peft_in_diffusers(base: Checkpoint) -> dict[str, torch.Tensor]:
    names = {layer: f"unet.{layer}" for layer in (QUERY, OUT, CONV)}
    names[WORDS] = f"text_encoder.text_model.{WORDS}"
    return dotted(names, base, ".lora_A.weight", ".lora_B.weight")


def diffusers_layers(base: Checkpoint) -> dict[str, torch.Tensor]:
    names = {layer: f"unet.{layer}" for layer in (QUERY, OUT, CONV)}
    names[WORDS] = f"text_encoder.text_model.{WORDS}"
    return dotted(names, base, ".lora.down.weight", ".lora.up.weight")


def diffusers_processors(base: Checkpoint) -> dict[str, torch.Tensor]:
    names = {
        QUERY: f"unet.{QUERY.replace('.to_q', '.processor.to_q')}",
        OUT: f"unet.{OUT.replace('.to_out.0', '.processor.to_out')}",
        WORDS: f"text_encoder.text_model.{WORDS.replace('v_proj', 'to_v')}",
    }
    state = dotted(names, base, "_lora.down.weight", "_lora.up.weight")
    return state | dotted({CONV: f"unet.{CONV}"}, base, ".lora.down.weight", ".lora.up.weight")


WRITERS = [kohya, peft_in_diffusers, diffusers_layers, diffusers_processors]


def check(base: Checkpoint, adapted: Checkpoint, factor: float, layers: list[str]) -> None:
    for layer in layers:
        old, new = (
            each.text_encoders[0].network if layer == WORDS else each.unet
            for each in (base, adapted)
        )
        change = full(*halves(old, layer))
        torch.testing.assert_close(
            weight(new, layer), weight(old, layer) + factor * change, atol=1e-4, rtol=1e-4
        )


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__)
def test_every_writers_names_are_found(
    loader: CheckpointLoader, base: Checkpoint, checkpoint: Path, tmp_path: Path, writer
) -> None:
    save_file(writer(base), tmp_path / "lora.safetensors")
    lora = LoadedLora(find_lora(tmp_path / "lora.safetensors"), 0.5)
    files = loader.inspect(checkpoint).files
    adapted = loader.load(files, [lora])
    check(base, adapted, 0.5, [QUERY, OUT, CONV, WORDS])
    changed = {id(value) for value in adapted.unet.parameters()} - {
        id(value) for value in base.unet.parameters()
    }
    assert len(changed) == 3, "all other weights are shared"
    assert loader.load(files, [lora]) is adapted, "kept in memory"
    assert loader.load(files) is base, "and swapped out again"


def test_a_peft_folder_brings_its_alpha(
    loader: CheckpointLoader, base: Checkpoint, checkpoint: Path, tmp_path: Path
) -> None:
    names = {layer: f"base_model.model.{layer}" for layer in (QUERY, OUT)}
    state = dotted(names, base, ".lora_A.weight", ".lora_B.weight")
    save_file(state, tmp_path / "adapter_model.safetensors")
    write_json(tmp_path / "adapter_config.json", {"r": RANK, "lora_alpha": 6})
    lora = LoadedLora(find_lora(tmp_path), 1.0)
    check(base, loader.load(loader.inspect(checkpoint).files, [lora]), 2.0, [QUERY, OUT])


def test_alpha_from_a_files_metadata(
    loader: CheckpointLoader, base: Checkpoint, checkpoint: Path, tmp_path: Path
) -> None:
    state = dotted({QUERY: f"unet.{QUERY}"}, base, ".lora_A.weight", ".lora_B.weight")
    metadata = {"lora_adapter_metadata": json.dumps({"unet.r": RANK, "unet.lora_alpha": 1.5})}
    save_file(state, tmp_path / "lora.safetensors", metadata)
    lora = LoadedLora(find_lora(tmp_path / "lora.safetensors"), 1.0)
    check(base, loader.load(loader.inspect(checkpoint).files, [lora]), 0.5, [QUERY])


@settings(deadline=None, max_examples=10)
@given(st.floats(-2, 2), st.floats(-2, 2), st.sampled_from([1.0, 8.0]))
def test_several_add_up(first: float, second: float, alpha: float) -> None:
    from songreel_render.checkpoints.lora_keys import Change, Target
    from songreel_render.checkpoints.loras import _merge

    layer = torch.nn.Linear(6, 5)
    before = layer.weight.clone()
    down, up = torch.randn(RANK, 6), torch.randn(5, RANK)
    change = Change(Target.UNET, "x", down, up, alpha)
    for factor in (first, second):
        _merge(layer, change, factor, "test")
    expected = before + (first + second) * alpha / RANK * up @ down
    torch.testing.assert_close(layer.weight, expected, atol=1e-4, rtol=1e-4)


def test_xl_in_stabilitys_names(tmp_path: Path) -> None:
    """As kohya's scripts write SDXL: input_blocks, output_blocks, two text encoders."""
    loader = CheckpointLoader(device="cpu", dtype="float32")
    files = loader.inspect(write_xl(tmp_path / "xl")).files
    base = loader.load(files)
    theirs = {
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q":
            "input_blocks_4_1_transformer_blocks_0_attn1_to_q",
        "down_blocks.1.resnets.1.conv1": "input_blocks_5_0_in_layers_2",
        "down_blocks.0.downsamplers.0.conv": "input_blocks_3_0_op",
        "mid_block.resnets.1.conv2": "middle_block_2_out_layers_3",
        "mid_block.attentions.0.proj_in": "middle_block_1_proj_in",
        "up_blocks.0.attentions.2.proj_out": "output_blocks_2_1_proj_out",
        "up_blocks.0.upsamplers.0.conv": "output_blocks_2_2_conv",
        "up_blocks.1.resnets.0.time_emb_proj": "output_blocks_3_0_emb_layers_1",
        "conv_in": "input_blocks_0_0",
    }  # fmt: skip
    state: dict[str, torch.Tensor] = {}
    for layer, name in theirs.items():
        stem = f"lora_unet_{name}"
        state[f"{stem}.lora_down.weight"], state[f"{stem}.lora_up.weight"] = halves(
            base.unet, layer
        )
    second = base.text_encoders[1].network
    stem = "lora_te2_text_model_encoder_layers_2_mlp_fc1"
    pair = halves(second, "encoder.layers.2.mlp.fc1")
    state[f"{stem}.lora_down.weight"], state[f"{stem}.lora_up.weight"] = pair
    save_file(state, tmp_path / "xl.safetensors")
    adapted = loader.load(files, [LoadedLora(find_lora(tmp_path / "xl.safetensors"), 1.0)])
    check(base, adapted, 1.0, list(theirs))
    new = weight(adapted.text_encoders[1].network, "encoder.layers.2.mlp.fc1")
    torch.testing.assert_close(new, weight(second, "encoder.layers.2.mlp.fc1") + full(*pair))


def test_what_is_no_plain_lora_is_refused(
    loader: CheckpointLoader, base: Checkpoint, checkpoint: Path, tmp_path: Path
) -> None:
    files = loader.inspect(checkpoint).files
    good = kohya(base)
    query = "lora_unet_" + QUERY.replace(".", "_")
    cases = {
        "is LoHa": {f"{query}.hada_w1_a": torch.zeros(1)},
        "is DoRA": good | {f"{query}.dora_scale": torch.zeros(1)},
        "no LoRA layers": {"x": torch.zeros(1)},
        "lacks": {f"{query}.lora_down.weight": good[f"{query}.lora_down.weight"]},
        "another kind": good | {
            "lora_unet_no_such_layer.lora_down.weight": torch.zeros(1, 4),
            "lora_unet_no_such_layer.lora_up.weight": torch.zeros(4, 1),
        },
        "another checkpoint": good | {f"{query}.lora_down.weight": torch.zeros(RANK, 7)},
    }  # fmt: skip
    for words, state in cases.items():
        file = tmp_path / "bad.safetensors"
        save_file(state, file)
        with pytest.raises(LoraUnusable, match=words):
            loader.load(files, [LoadedLora(find_lora(file), 1.0)])
    file.write_bytes(b"\x00" * 30)
    with pytest.raises(LoraUnusable, match="copy it again"):
        loader.load(files, [LoadedLora(find_lora(file), 1.0)])
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(LoraUnusable):
            find_lora(path)


def test_the_adapter_of_a_person_is_no_lora(
    loader: CheckpointLoader, base: Checkpoint, checkpoint: Path, tmp_path: Path
) -> None:
    """One that was saved while its person consented, and kept after the erasure."""
    files = loader.inspect(checkpoint).files
    head = AdapterHead("ab" * 32, "cd" * 32, "person", 1, "{}")
    for kind in (KIND, "songreel.adapter.2"):
        file = tmp_path / f"{kind}.safetensors"
        save_file(diffusers_layers(base), file, head.metadata() | {"kind": kind})
        with pytest.raises(LoraUnusable, match="likeness of a person"):
            loader.load(files, [LoadedLora(find_lora(file), 1.0)])


def test_a_video_with_two_lora_from_a_path_and_from_the_store(
    harness: RenderHarness, song: Path, base: Checkpoint
) -> None:
    board = storyboard_of(*equal_scenes(2.0))
    file = harness.folder / "lora.safetensors"
    save_file(kohya(base), file)
    stored = harness.store.put_file(file, "application/octet-stream")
    videos: list[str] = []
    for loras in ([], [Lora(path=str(file), weight=0.3)], [Lora(artifact=stored, weight=0.3)]):
        request = harness.request(song, analysis_of(2.0), board, loras=loras)
        result = harness.render(request)
        assert result.reused == (len(videos) == 2), "the same LoRA from elsewhere"
        decoded = harness.decode(result.video)
        videos.append(decoded.sha256)
    one = decoded.frames.astype(int)
    assert videos[0] != videos[1] == videos[2]
    both = [Lora(path=str(file), weight=0.3), Lora(path=str(file), weight=-0.3)]
    result = harness.render(harness.request(song, analysis_of(2.0), board, loras=both))
    drawn = harness.decode(result.video).frames.astype(int)
    plain = harness.decode(
        harness.render(harness.request(song, analysis_of(2.0), board)).video
    ).frames
    assert abs(drawn - plain).mean() < 0.05 * abs(one - plain).mean(), "they cancel out"
    with pytest.raises(InvalidRenderSettings, match="weight"):
        harness.render(
            harness.request(song, analysis_of(2.0), board, loras=[Lora(path=str(file), weight=9)])
        )
