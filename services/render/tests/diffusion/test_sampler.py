"""What saves network calls: schedulers by name, remembered embeddings, batches, compilation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.errors import InvalidRenderSettings
from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.checkpoints.devices import (
    CompiledCall,
    batch_for,
    compile_options,
    decoder_dtype,
    total_memory,
)
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.checkpoints.schedulers import SCHEDULERS
from songreel_render.diffusion.prompt_embeddings import (
    Conditioning,
    EmbeddingCache,
    PromptEmbeddings,
    encode_prompts,
)
from songreel_render.diffusion.sampler import Sampler, SamplerOptions
from songreel_render.plan.settings_resolution import resolve_settings
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import mix_at


@pytest.fixture(scope="module")
def loader() -> CheckpointLoader:
    return CheckpointLoader(device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def loaded(loader: CheckpointLoader, checkpoint: Path) -> Checkpoint:
    return loader.load(loader.inspect(checkpoint).files)


def noise(count: int) -> torch.Tensor:
    return torch.randn(count, 4, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", sorted(SCHEDULERS))
def test_every_scheduler_draws_and_depends_on_nothing_but_seeds(
    loaded: Checkpoint, name: str
) -> None:
    sampler = Sampler(loaded, SamplerOptions(4, 1.0, name))
    text = encode_prompts(loaded, ["a beach"] * 3)
    whole = sampler.denoise(noise(3), text, None, [1, 2, 3])
    assert whole.isfinite().all()
    assert 0.1 < whole.std() < 30
    again = sampler.denoise(noise(3), text, None, [1, 2, 3])
    assert torch.equal(whole, again)
    alone = sampler.denoise(noise(3)[1:2], text.rows(np.array([0])), None, [2])
    torch.testing.assert_close(whole[1:2], alone, atol=1e-3, rtol=1e-3)
    assert type(loaded.new_scheduler(4, name)).__name__ == SCHEDULERS[name].class_name


def test_schedulers_give_different_pictures(loaded: Checkpoint) -> None:
    text = encode_prompts(loaded, ["a beach"])
    drawn = [
        Sampler(loaded, SamplerOptions(4, 1.0, name)).denoise(noise(1), text, None, [1])
        for name in sorted(SCHEDULERS)
    ]
    for one in range(len(drawn)):
        for other in range(one):
            assert not torch.allclose(drawn[one], drawn[other], atol=1e-3)


def test_few_step_schedulers_bring_their_steps_and_no_guidance(
    loader: CheckpointLoader, checkpoint: Path
) -> None:
    shape = loader.inspect(checkpoint)
    settings = resolve_settings(RenderSettings(scheduler="lcm"), shape, "")
    assert (settings.steps, settings.guidance_scale) == (4, 1.0)
    settings = resolve_settings(RenderSettings(scheduler="tcd", steps=8), shape, "")
    assert settings.steps == 8
    with pytest.raises(InvalidRenderSettings, match=r"1\.\.50 of lcm"):
        resolve_settings(RenderSettings(scheduler="lcm", steps=51), shape, "")
    with pytest.raises(InvalidRenderSettings, match="ddim, euler, lcm, tcd"):
        resolve_settings(RenderSettings(scheduler="magic"), shape, "")


@pytest.mark.parametrize(("own", "steps"), [(2, 2), (4, 4), (8, 4), (20, 10), (50, 10)])
def test_previews_take_half_of_the_steps(
    loader: CheckpointLoader, checkpoint: Path, own: int, steps: int
) -> None:
    shape = replace(loader.inspect(checkpoint), steps=own)
    assert resolve_settings(RenderSettings(), shape, "").steps == own
    assert resolve_settings(RenderSettings(preview=True), shape, "").steps == steps
    assert resolve_settings(RenderSettings(preview=True, steps=7), shape, "").steps == 7


def test_guidance_is_one_call_per_step_and_the_textbook_formula(loaded: Checkpoint) -> None:
    calls: list[int] = []
    handle = loaded.unet.register_forward_pre_hook(lambda _, given: calls.append(len(given[0])))
    text, negative = encode_prompts(loaded, ["a beach"]), encode_prompts(loaded, ["ugly"])
    drawn = Sampler(loaded, SamplerOptions(1, 3.0)).denoise(noise(1), text, negative, [1])
    handle.remove()
    assert calls == [2]
    scheduler = loaded.new_scheduler(1)
    time = scheduler.timesteps[0]
    with torch.inference_mode():
        pair = [loaded.unet(noise(1), time, side.tokens).sample for side in (negative, text)]
        predicted = pair[0] + 3.0 * (pair[1] - pair[0])
        expected = scheduler.step(predicted, time, noise(1)).prev_sample
    torch.testing.assert_close(drawn, expected, atol=1e-4, rtol=1e-4)


def test_every_distinct_prompt_is_encoded_once(loaded: Checkpoint) -> None:
    encoded: list[int] = []
    handle = loaded.text_encoders[0].network.register_forward_pre_hook(
        lambda _, given: encoded.append(len(given[0]))
    )
    memory = EmbeddingCache()
    prompts, negative = ["beach", "lake", "beach"], ["ugly"] * 3
    for _ in range(2):
        embeddings = PromptEmbeddings(loaded, prompts, negative, guided=True, memory=memory)
    handle.remove()
    assert sum(encoded) == 3
    mix = mix_at([0.0, 0.5])
    told, without = (each(mix, np.arange(2)) for each in (embeddings.positive, embeddings.negative))
    assert told.tokens.shape == without.tokens.shape == (2, 16, 32)
    torch.testing.assert_close(told.tokens[:1], encode_prompts(loaded, ["beach"]).tokens)


def test_the_memory_of_embeddings_is_bounded(loaded: Checkpoint) -> None:
    one = encode_prompts(loaded, ["x"]).tokens.numel() * 4
    memory = EmbeddingCache(3 * one)
    memory.encode(loaded, [f"prompt {k}" for k in range(20)])
    assert memory._size <= 3 * one
    assert len(memory._kept) == 3
    both = memory.encode(loaded, ["prompt 19", "new"])
    torch.testing.assert_close(both.tokens, encode_prompts(loaded, ["prompt 19", "new"]).tokens)


@given(st.integers(2**28, 2**40), st.integers(1, 2**34), st.sampled_from(["cpu", "cuda"]))
def test_batches_fit_a_quarter_of_the_memory(memory: int, frame: int, device: str) -> None:
    batch = batch_for(memory, device, frame)
    assert 1 <= batch <= (8 if device == "cpu" else 32)
    assert batch == 1 or batch * frame <= memory // 4
    assert total_memory(torch.device("cpu")) > 2**28


def test_a_plan_says_the_batch_that_memory_gave(tmp_path: Path, checkpoint: Path, song: Path):
    harness = RenderHarness(tmp_path, checkpoint, {"batch_frames": None, "segment_frames": 24})
    result = harness.render(harness.simple_request(song))
    assert "batch 8" in harness.store.read_bytes(result.plan).decode()


@pytest.mark.slow
def test_compilation_pads_batches_and_gives_the_same_pictures(loaded: Checkpoint) -> None:
    """The "eager" backend goes the whole way of torch.compile but its code generator."""
    compiled = replace(loaded, compile_options={"backend": "eager"})
    text = encode_prompts(loaded, ["a beach", "rain", "sun"])
    pictures: list[torch.Tensor] = []
    for checkpoint in (loaded, compiled):
        sampler = Sampler(checkpoint, SamplerOptions(2, 1.0), batch=4)
        pictures.append(sampler.decode(sampler.denoise(noise(3), text, None, [1, 2, 3])))
        assert sampler.notes == []
    assert pictures[1].shape == (3, 3, 64, 64)
    torch.testing.assert_close(pictures[0], pictures[1], atol=1e-4, rtol=1e-4)


def test_what_cannot_be_compiled_runs_and_says_so() -> None:
    def broken(graph, inputs):
        raise RuntimeError("no compiler here\nand more")

    call = CompiledCall(lambda x: x + 1, "UNet", backend=broken)
    for _ in range(2):
        assert call(torch.ones(2)).tolist() == [2, 2]
    assert "UNet" in call.note
    assert "plainly" in call.note


def test_precision_and_compilation_follow_the_device() -> None:
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    assert compile_options("auto", cpu) is None
    assert compile_options("auto", cuda) == {"mode": "reduce-overhead"}
    assert compile_options("off", cuda) is None
    assert compile_options("max-autotune", cpu) == {"mode": "max-autotune"}
    assert decoder_dtype(torch.float16, overflows=True) is torch.bfloat16
    assert decoder_dtype(torch.float16, overflows=False) is torch.float16


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_draws_nearly_the_same(checkpoint: Path, dtype: str) -> None:
    pictures = []
    for name in ("float32", dtype):
        loader = CheckpointLoader(device="cpu", dtype=name)
        loaded = loader.load(loader.inspect(checkpoint).files)
        assert loaded.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
        sampler = Sampler(loaded, SamplerOptions(2, 1.0))
        text = encode_prompts(loaded, ["a beach"])
        pictures.append(sampler.decode(sampler.denoise(noise(1), text, None, [1])))
    assert (pictures[0] - pictures[1]).abs().mean() < 0.02


def test_a_style_has_a_checkpoint_of_its_own(tmp_path: Path, checkpoint: Path, song: Path) -> None:
    import shutil

    other = shutil.copytree(checkpoint, tmp_path / "other")
    harness = RenderHarness(tmp_path / "stage", checkpoint, {"styles": {"sketch": other}})
    find = harness.renderer.find_checkpoint
    assert find("", "sketch").files.path == other
    assert find("", "cartoon").files.path == checkpoint
    assert find(str(checkpoint), "sketch").files.path == checkpoint


def test_mixing_keeps_what_has_no_pooled_text() -> None:
    one, two = (Conditioning(torch.full((1, 2, 3), value)) for value in (0.0, 1.0))
    mixed = one.mixed(two, torch.tensor([0.25]))
    assert mixed.pooled is None
    assert mixed.tokens.unique().tolist() == [0.25]
