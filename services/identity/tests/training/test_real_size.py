"""A training with networks of the size of Stable Diffusion 1.5, with random weights."""

from __future__ import annotations

import dataclasses
import gc
import json
import resource
import shutil
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load
from songreel_identity.service import open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.base_checkpoint import check_folder, load_checkpoint
from songreel_identity.training.jobs import TrainingJobs
from songreel_identity.training.recipe import is_small
from songreel_identity.vault.records import ADAPTER
from songreel_kit import errors
from songreel_kit.likeness.adapters import read_head
from songreel_kit.work import CancelToken
from songreel_testing.identity.enrolled import enroll, made_up_stills, write_checkpoint
from songreel_testing.identity.training_tasks import ANN, RECIPE

ROOT = Path(__file__).resolve().parents[3]
SIZE = 256


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    pytest.importorskip("songreel_render", reason="its configurations say what the networks are")
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.render.random_checkpoints import write_real_size

    folder = write_real_size(tmp_path / "sd1")
    # Its own would be 512 pixels and 20 steps, which says no more and takes half an hour.
    (folder / "songreel.json").write_text(
        json.dumps({"size": SIZE, "steps": 1, "guidance_scale": 1.0})
    )
    yield folder
    shutil.rmtree(folder)  # pytest would keep 2 GB


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_an_adapter_of_networks_of_the_real_size(tmp_path, checkpoint):
    recipe = dataclasses.replace(
        RECIPE, steps=2, rank=16, prior_batch=0, every=1, rate=1e-4, seed=3
    )
    settings = IdentitySettings(
        database=f"sqlite:///{tmp_path / 'vault.db'}", keys=tmp_path / "keys", training=recipe
    )
    vault = open_vault(settings)
    enroll(vault, ANN, made_up_stills(size=SIZE))
    training_jobs = TrainingJobs(vault, settings)
    assert not is_small(checkpoint)
    request = training_jobs.request(ANN, str(checkpoint))
    began = time.monotonic()
    result = training_jobs.train(request, lambda progress: None, CancelToken())
    seconds = time.monotonic() - began

    [stored] = vault.list_objects(ANN, ADAPTER)
    data = vault.get(ANN, stored)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{seconds:.0f} s, {peak} MiB at most, an adapter of {len(data) >> 20} MiB")
    assert json.loads(result.head.measured)["steps"] == 2
    assert stored.sha256 == result.adapter_sha256
    assert read_head(data).checkpoint_sha256 == check_folder(checkpoint)

    # On another base.
    other = write_checkpoint(tmp_path / "tiny")
    elsewhere = training_jobs.request(ANN, str(other), result.head.checkpoint_sha256)
    with pytest.raises(errors.AdapterMismatch):
        training_jobs.train(elsewhere, lambda progress: None, CancelToken())
    from songreel_render.checkpoints.identity_adapter import IdentityAdapter

    adapter = IdentityAdapter(stored.sha256, "consent", data)
    adapter.check(result.head.checkpoint_sha256)
    with pytest.raises(errors.AdapterMismatch, match="another checkpoint"):
        adapter.check(check_folder(other))

    # As diffusers reads it, without any of us.
    matrices = load(data)
    alphas = {name: float(each) for name, each in matrices.items() if name.endswith(".alpha")}
    layers = {name: each for name, each in matrices.items() if name not in alphas}
    assert all(each.isfinite().all() for each in layers.values())
    assert any(each.any() for name, each in layers.items() if ".lora_B." in name)
    gc.collect()
    unet = load_checkpoint(checkpoint).unet
    given = {
        "sample": torch.randn(1, 4, 16, 16),
        "timestep": torch.tensor([500]),
        "encoder_hidden_states": torch.randn(1, 77, 768),
    }
    with torch.no_grad():
        bare = unet(**given).sample
        unet.load_lora_adapter(layers, prefix="unet", network_alphas=alphas)
        drawn = unet(**given).sample
    assert drawn.isfinite().all()
    assert not torch.equal(bare, drawn)
