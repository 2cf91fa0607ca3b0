"""Slots: who finds none is refused, and told by whom."""

from __future__ import annotations

import pytest
from songreel_kit.errors import Busy
from songreel_kit.work_slots import WorkSlots


def test_who_finds_no_slot_is_refused_and_what_is_given_back_is_free() -> None:
    slots = WorkSlots(2, "renders", "raise MAX_RENDERS")
    with slots.hold():
        with (
            slots.hold(),
            pytest.raises(Busy, match=r"2 renders .* raise MAX_RENDERS") as refused,
            slots.hold(),
        ):
            pass
        with slots.hold():
            assert slots.taken == 2
    assert slots.taken == 0
    others = WorkSlots(1, "renders", "X")
    with others.hold(), pytest.raises(Busy) as elsewhere, others.hold():
        pass
    assert refused.value.metadata["process"] != elsewhere.value.metadata["process"]
