"""Sealed adapters for replicas, and their revocation; without Ray."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import pickle
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save
from songreel_kit import errors
from songreel_kit.likeness.adapters import AdapterHead
from songreel_render.backends.ray.revocation import RevocationActor
from songreel_render.backends.ray.sealed_adapter import Opener, Sealer
from songreel_render.checkpoints.identity_adapter import IdentityAdapter

DATA = save(
    {"unet.conv_in.lora_A.weight": torch.rand(2, 4, 3, 3),
     "unet.conv_in.lora_B.weight": torch.rand(8, 2, 1, 1)},
    AdapterHead("ab" * 32, "cd" * 32, "person", 1, "{}").metadata(),
)  # fmt: skip


def an_adapter() -> IdentityAdapter:
    return IdentityAdapter(hashlib.sha256(DATA).hexdigest(), "consent-1", DATA)


def test_only_replicas_with_a_key_open_it():
    sealer, replicas = Sealer(an_adapter()), [Opener(), Opener()]
    for replica in replicas:
        needs_key = replica.needs_key(sealer.sealed)
        assert needs_key is not None
        sealer.add_key(needs_key)
    sent = pickle.dumps(sealer.sealed)
    assert not [at for at in range(0, len(DATA) - 16, 16) if DATA[at : at + 16] in sent]
    sealed = pickle.loads(sent)
    for replica in replicas:
        assert replica.needs_key(sealed) is None
        adapter = replica.open(sealed)
        assert (bytes(adapter.data), adapter.consent_id) == (DATA, "consent-1")
        adapter.wipe()
        assert adapter.wiped
    other = Opener()
    assert other.needs_key(sealed) is not None
    own = next(iter(sealed.keys.values()))
    stolen = dataclasses.replace(sealed, keys={other._keys.public: own})
    with pytest.raises(errors.Aborted):
        other.open(stolen)


@given(st.data())
def test_a_changed_adapter_is_not_opened(data):
    sealer, replica = Sealer(an_adapter()), Opener()
    needs_key = replica.needs_key(sealer.sealed)
    assert needs_key is not None
    sealer.add_key(needs_key)
    sealed = sealer.sealed
    changed = bytearray(sealed.ciphertext)
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] ^= data.draw(st.integers(1, 255))
    for wrong in (
        dataclasses.replace(sealed, ciphertext=bytes(changed)),
        dataclasses.replace(sealed, ciphertext=b""),
        dataclasses.replace(sealed, lease_id="another"),
        dataclasses.replace(sealed, service_key=bytes(32)),
        dataclasses.replace(sealed, keys={needs_key.public_key: b""}),
    ):
        with pytest.raises(errors.Aborted):
            replica.open(wrong)
    with pytest.raises(errors.AdapterMismatch):
        replica.open(dataclasses.replace(sealed, adapter_sha256="00" * 32))


def test_an_actor_that_is_gone_is_reported(monkeypatch):
    module = pytest.importorskip("songreel_render.backends.ray.adapter_lease", reason="no Ray here")

    def gone(*_, **__):
        raise module.RayError

    monkeypatch.setattr(module.ray, "get", gone)
    actor = SimpleNamespace(open=SimpleNamespace(remote=len))
    with pytest.raises(errors.ServiceUnavailable, match="started anew"):
        module.AdapterLease(an_adapter(), "revocation-1", actor)


async def test_closing_a_lease_names_the_calls_that_hold_the_adapter():
    actor = RevocationActor()
    assert not await actor.begin("render", "too early")
    await actor.open("render")
    assert await actor.begin("render", "one")
    assert await actor.begin("render", "two")
    one, two = (asyncio.create_task(actor.until_over("render", each)) for each in ("one", "two"))
    await actor.done("render", "one")
    await one
    assert not two.done()
    assert await actor.close("render") == {"two"}
    await two
    assert not await actor.begin("render", "too late")
    await actor.until_over("render", "two")
    await actor.done("render", "two")
    assert await actor.close("render") == frozenset()
