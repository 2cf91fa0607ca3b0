"""What is sealed is opened by whom it is for, once, and by nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_kit import errors
from songreel_kit.likeness.sealing import KeyPair


def both_ends(errand="t"):
    service, worker = KeyPair(), KeyPair()
    return (
        service.as_service(worker.public, errand),
        worker.as_worker(service.public, errand),
    )


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=8))
def test_what_one_end_seals_the_other_opens(messages):
    service, worker = both_ends()
    for to_worker, plain in messages:
        sender, receiver = (service, worker) if to_worker else (worker, service)
        sealed = sender.seal(plain)
        assert receiver.open(sealed) == plain
        assert len(plain) < 8 or plain not in sealed


@given(st.binary(min_size=1, max_size=50), st.data())
def test_nothing_else_opens(plain, data):
    service, worker = both_ends()
    sealed = service.seal(plain)
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[place] ^= data.draw(st.integers(1, 255))
    for wrong in (bytes(changed), sealed[:-1], sealed + b"0", b""):
        with pytest.raises(errors.Aborted, match="changed on the way"):
            worker.open(wrong)
    with pytest.raises(errors.Aborted):
        service.open(sealed)  # turned back to its sender
    with pytest.raises(errors.Aborted):
        both_ends()[1].open(sealed)  # other keys
    assert worker.open(sealed) == plain


def test_a_message_is_bound_to_its_errand_and_comes_once_and_in_order():
    service, worker = KeyPair(), KeyPair()
    sealed = service.as_service(worker.public, "one").seal(b"picture")
    with pytest.raises(errors.Aborted, match="another errand"):
        worker.as_worker(service.public, "two").open(sealed)
    here, there = both_ends()
    first, second = here.seal(b"1"), here.seal(b"2")
    assert there.open(second) == b"2"
    for late in (first, second):
        with pytest.raises(errors.Aborted, match="twice"):
            there.open(late)


@pytest.mark.parametrize("key", [b"", b"short", bytes(32)])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(errors.Aborted, match="no X25519 key"):
        KeyPair().as_service(key, "t")
