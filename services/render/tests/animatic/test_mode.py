from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_kit.errors import InvalidRenderSettings
from songreel_render.animatic.mode import resolve_mode, strength_of


@pytest.mark.parametrize(
    ("asked", "own", "plain", "mode"),
    [
        ("", 0.15, False, "0.15"), ("auto", 0.55, False, "0.55"), ("Auto", 0.0, False, "off"),
        ("", 0.55, True, "off"), ("only", 0.55, True, "only"), ("off", 0.55, False, "off"),
        ("0.3", 0.55, True, "0.3"), ("1", 0.15, False, "1"),
    ],
)  # fmt: skip
def test_modes(asked: str, own: float, *, plain: bool, mode: str) -> None:
    assert resolve_mode(asked, own, plain=plain) == mode


@pytest.mark.parametrize("asked", ["0", "0.01", "1.01", "-1", "nan", "inf", "some", "0.5x"])
def test_other_modes_are_named_in_the_error(asked: str) -> None:
    with pytest.raises(InvalidRenderSettings, match="auto, only, off, or a number"):
        resolve_mode(asked, 0.5, plain=False)


@given(st.floats(0.05, 1.0))
def test_a_plan_holds_the_strength_as_it_was_asked_for(strength: float) -> None:
    mode = resolve_mode(repr(strength), 0.5, plain=False)
    assert strength_of(mode) == pytest.approx(strength, rel=1e-5)
    assert resolve_mode(mode, 0.5, plain=False) == mode
