"""A person beside the checkpoint's layers: as strong as asked, and gone when wiped."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save
from songreel_kit import errors
from songreel_kit.likeness.adapters import AdapterHead
from songreel_kit.work import CancelToken
from songreel_render.backends.segment_worker import SegmentWorker
from songreel_render.backends.segments import SegmentDrawing
from songreel_render.checkpoints.files import inspect_checkpoint
from songreel_render.checkpoints.identity_adapter import IdentityAdapter
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.checkpoints.loras import LoadedLora, LoraFile, adapt
from songreel_render.diffusion.denoiser import protagonist_share
from songreel_render.plan.planner import RenderJob
from songreel_testing.render.click_track import analysis_of, write_song
from songreel_testing.render.harness import RenderHarness, ignore
from songreel_testing.render.storyboards import equal_scenes, storyboard_of
from songreel_testing.render.tiny_checkpoint import write_checkpoint

HEAD = AdapterHead("ab" * 32, "cd" * 32, "person", 1, "{}")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = write_checkpoint(tmp_path_factory.mktemp("people") / "tiny")
    return CheckpointLoader(device="cpu", dtype="float32").load(inspect_checkpoint(folder))


# A part of what the trainer takes, for networks of both kinds: linear, 1x1, 3x3, strided.
LAYERS = (
    ".to_q", ".to_k", ".to_out.0", ".proj_in", ".ff.net.0.proj", "conv_in", ".conv1",
    ".conv_shortcut", ".time_emb_proj", ".downsamplers.0.conv",
)  # fmt: skip


def adapter_of(checkpoint, rank=2, head=HEAD):
    random = torch.Generator().manual_seed(3)
    tensors = {}
    for name, layer in checkpoint.unet.named_modules():
        if name.endswith(LAYERS):
            out, inside, *kernel = layer.weight.shape
            tensors[f"unet.{name}.lora_A.weight"] = torch.randn(
                (rank, inside, *kernel), generator=random
            )
            tensors[f"unet.{name}.lora_B.weight"] = 0.2 * torch.randn(
                (out, rank, *(1 for _ in kernel)), generator=random
            )
            tensors[f"unet.{name}.alpha"] = torch.tensor(1.0)
    return save(tensors, head.metadata())


def in_memory(data):
    return IdentityAdapter(hashlib.sha256(data).hexdigest(), "consent-1", data)


@torch.inference_mode()
def predicted(checkpoint, strengths=None):
    random = torch.Generator().manual_seed(4)
    if strengths is not None:
        checkpoint.strength.set(torch.tensor(strengths))
    noisy = torch.randn((4, 4, 8, 8), generator=random)
    words = torch.randn((4, 16, 32), generator=random)
    return checkpoint.unet(noisy, torch.tensor(500), words, return_dict=False)[0]


def test_each_picture_of_a_batch_has_its_own_strength(checkpoint, tmp_path: Path):
    data = adapter_of(checkpoint)
    # The same matrices as a plain LoRA, without the head, with which they would be refused.
    (tmp_path / "whole.safetensors").write_bytes(save(load(data)))
    file = LoraFile(tmp_path / "whole.safetensors", "ef" * 32)
    merged = predicted(adapt(checkpoint, [LoadedLora(file, 1.5)]))
    base = predicted(checkpoint)
    adapter = in_memory(data)
    joined = adapter.join(checkpoint, 1.5)

    # Two pictures, and the two halves of guidance: the second picture of each shows the person.
    seen = predicted(joined, [0.0, 1.0])
    assert torch.allclose(seen[0::2], base[0::2], atol=1e-5)
    assert torch.allclose(seen[1::2], merged[1::2], atol=1e-4)
    assert (base - merged).abs().max() > 0.01
    assert torch.equal(predicted(checkpoint), base)  # the one given stays as it is

    adapter.wipe()
    assert adapter.wiped
    assert torch.allclose(predicted(joined, [1.0, 1.0]), base, atol=1e-6)


def test_what_is_no_adapter_or_another_is_refused(checkpoint):
    data = adapter_of(checkpoint)
    with pytest.raises(errors.AdapterMismatch, match="not the one"):
        IdentityAdapter("00" * 32, "consent", data)
    with pytest.raises(errors.AdapterMismatch, match="another checkpoint"):
        in_memory(data).check("00" * 32)
    in_memory(data).check(HEAD.checkpoint_sha256)
    for broken in (b"", b"\x00" * 40, data[:100], save({"a": torch.zeros(1)})):
        with pytest.raises(errors.LoraUnusable):
            in_memory(broken)
    foreign = save(
        {"unet.nowhere.lora_A.weight": torch.zeros(2, 4), "unet.nowhere.lora_B.weight":
         torch.zeros(4, 2)}, HEAD.metadata(),
    )  # fmt: skip
    with pytest.raises(errors.LoraUnusable, match="nowhere"):
        in_memory(foreign).join(checkpoint, 1.0)


def test_a_painter_draws_a_person_for_one_segment_and_keeps_nothing_of_them(tmp_path: Path):
    folder = write_checkpoint(tmp_path / "tiny")
    song = write_song(tmp_path / "song.mp3", 1.0)
    files = inspect_checkpoint(folder)
    networks = CheckpointLoader(device="cpu", dtype="float32").load(files)
    data = adapter_of(networks, head=dataclasses.replace(HEAD, checkpoint_sha256=files.sha256))

    def prepared(harness, *adapters):
        scenes = equal_scenes(1.0, protagonist=True)
        asked = harness.request(song, analysis_of(1.0), storyboard_of(*scenes), steps=2)
        if adapters:
            asked.settings.loras.add(adapter_sha256=adapters[0].adapter_sha256)
        job = RenderJob(asked.song, asked.analysis, asked.storyboard, asked.settings, adapters)
        return harness.renderer.prepare(job, ignore, CancelToken())

    def drawn_at_once(harness, *adapters):
        plan = prepared(harness, *adapters)
        drawing = SegmentDrawing(harness.settings, harness.store, plan.plan)
        harness.renderer.backend.draw(plan, drawing, ignore, CancelToken())
        return [drawing.artifact(index).sha256 for index in range(2)]

    here, there = (
        RenderHarness(tmp_path / "here", folder),
        RenderHarness(tmp_path / "there", folder),
    )
    whole, empty = drawn_at_once(here, in_memory(data)), drawn_at_once(here)
    assert not set(whole) & set(empty)
    worker = SegmentWorker(there.settings, there.store)

    def drawn(plan, index, *adapters):
        part = worker.segment(plan.reference, index, CancelToken(), adapters)
        assert part.denoised
        return part.artifact.sha256

    shown = prepared(there, in_memory(data))
    with pytest.raises(errors.GrantInvalid):
        drawn(shown, 0)
    for index in range(2):
        adapter = in_memory(data)
        assert drawn(shown, index, adapter) == whole[index]
        assert adapter.wiped
    # The same scenes without them are drawn by networks that never knew them.
    nobody = prepared(there)
    assert [drawn(nobody, index) for index in range(2)] == empty


@dataclasses.dataclass
class SamplerOptions:
    scene: np.ndarray
    other: np.ndarray
    noise_weight: np.ndarray


@settings(deadline=None)
@given(st.data())
def test_the_share_lies_between_the_two_scenes(data):
    count = data.draw(st.integers(1, 5))
    frames = data.draw(st.integers(1, 12))
    shown = np.asarray(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), "f4")
    index = st.lists(st.integers(0, count - 1), min_size=frames, max_size=frames)
    weights = st.lists(st.floats(0, 1), min_size=frames, max_size=frames)
    mix = SamplerOptions(
        np.asarray(data.draw(index)), np.asarray(data.draw(index)), np.asarray(data.draw(weights))
    )
    share = protagonist_share(mix, shown, np.arange(frames))
    low = np.minimum(shown[mix.scene], shown[mix.other])
    high = np.maximum(shown[mix.scene], shown[mix.other])
    assert ((low - 1e-6 <= share) & (share <= high + 1e-6)).all()
    assert np.array_equal(share[mix.noise_weight == 0], shown[mix.scene][mix.noise_weight == 0])
