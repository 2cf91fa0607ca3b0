"""A person on the way to the replicas, and the desk that they ask; without Ray."""

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
from songreel_render.backends.ray.revocation import Desk
from songreel_render.backends.ray.sealed_adapter import Receiver, Sender
from songreel_render.checkpoints.identity_adapter import IdentityAdapter

DATA = save(
    {"unet.conv_in.lora_A.weight": torch.rand(2, 4, 3, 3),
     "unet.conv_in.lora_B.weight": torch.rand(8, 2, 1, 1)},
    AdapterHead("ab" * 32, "cd" * 32, "person", 1, "{}").metadata(),
)  # fmt: skip


def an_adapter() -> IdentityAdapter:
    return IdentityAdapter(hashlib.sha256(DATA).hexdigest(), "consent-1", DATA)


def test_replicas_that_were_met_open_it_and_no_others():
    sender, replicas = Sender(an_adapter()), [Receiver(), Receiver()]
    for replica in replicas:
        stranger = replica.stranger_to(sender.parcel)
        assert stranger is not None
        sender.meet(stranger)
    sent = pickle.dumps(sender.parcel)
    assert not [at for at in range(0, len(DATA) - 16, 16) if DATA[at : at + 16] in sent]
    parcel = pickle.loads(sent)
    for replica in replicas:
        assert replica.stranger_to(parcel) is None
        adapter = replica.open(parcel)
        assert (bytes(adapter.data), adapter.consent_id) == (DATA, "consent-1")
        adapter.wipe()
        assert adapter.wiped
    other = Receiver()
    assert other.stranger_to(parcel) is not None
    own = next(iter(parcel.keys.values()))
    stolen = dataclasses.replace(parcel, keys={other._keys.public: own})
    with pytest.raises(errors.Aborted):
        other.open(stolen)


@given(st.data())
def test_a_parcel_that_was_changed_is_not_opened(data):
    sender, replica = Sender(an_adapter()), Receiver()
    stranger = replica.stranger_to(sender.parcel)
    assert stranger is not None
    sender.meet(stranger)
    parcel = sender.parcel
    changed = bytearray(parcel.sealed)
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] ^= data.draw(st.integers(1, 255))
    for wrong in (
        dataclasses.replace(parcel, sealed=bytes(changed)),
        dataclasses.replace(parcel, sealed=b""),
        dataclasses.replace(parcel, errand="another"),
        dataclasses.replace(parcel, sender=bytes(32)),
        dataclasses.replace(parcel, keys={stranger.public_key: b""}),
    ):
        with pytest.raises(errors.Aborted):
            replica.open(wrong)
    with pytest.raises(errors.AdapterMismatch):
        replica.open(dataclasses.replace(parcel, adapter_sha256="00" * 32))


def test_a_desk_that_is_gone_before_a_render_is_told(monkeypatch):
    showing = pytest.importorskip(
        "songreel_render.backends.ray.adapter_lease", reason="no Ray here"
    )

    def gone(*_, **__):
        raise showing.RayError

    monkeypatch.setattr(showing.ray, "get", gone)
    desk = SimpleNamespace(open=SimpleNamespace(remote=len))
    with pytest.raises(errors.ServiceUnavailable, match="started anew"):
        showing.Showing(an_adapter(), "desk-1", desk)


async def test_the_desk_knows_who_holds_a_person_at_the_end():
    desk = Desk()
    assert not await desk.begin("render", "too early")
    await desk.open("render")
    assert await desk.begin("render", "one")
    assert await desk.begin("render", "two")
    one, two = (asyncio.create_task(desk.until_over("render", each)) for each in ("one", "two"))
    await desk.done("render", "one")
    await one
    assert not two.done()
    assert await desk.close("render") == {"two"}
    await two
    assert not await desk.begin("render", "too late")
    await desk.until_over("render", "two")
    await desk.done("render", "two")
    assert await desk.close("render") == frozenset()
