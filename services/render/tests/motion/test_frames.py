"""Frames cover the song exactly at every frame rate."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_kit.bounds.frame_rates import parse_frame_rate
from songreel_kit.errors import InvalidRenderSettings
from songreel_render.motion.frames import FrameGrid, format_frame_rate

RATES = ["10", "12", "24000/1001", "24", "25", "30000/1001", "30", "60"]
rates = st.sampled_from([Fraction(rate) for rate in RATES])
durations = st.floats(0.001, 400.0)


@pytest.mark.parametrize("text", RATES)
def test_a_rate_is_read_back_as_it_was_written(text: str) -> None:
    assert parse_frame_rate(text) == Fraction(text)
    assert parse_frame_rate(format_frame_rate(Fraction(text))) == Fraction(text)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("23.976", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("12.5", Fraction(25, 2)),
        (" 25 ", Fraction(25)),
        ("", Fraction(24)),
    ],
)
def test_decimals_mean_the_exact_rate(text: str, exact: Fraction) -> None:
    assert parse_frame_rate(text) == exact


@pytest.mark.parametrize(
    "text", ["fast", "0", "-12", "121", "1/0", "nan", "inf", "12,5", "1e999999999", "9" * 5000]
)
def test_other_rates_are_refused_at_once(text: str) -> None:
    with pytest.raises(InvalidRenderSettings, match="fps"):
        parse_frame_rate(text)


@given(durations, rates)
def test_the_grid_is_as_long_as_the_song_within_half_a_frame(
    duration: float, rate: Fraction
) -> None:
    grid = FrameGrid.over(duration, rate)
    assert grid.count >= 1
    if grid.count > 1:
        assert abs(grid.count / rate - Fraction(duration)) <= 1 / (2 * rate)
    times = grid.times()
    assert times[0] == 0
    assert len(times) == grid.count
    np.testing.assert_allclose(times[-1], float((grid.count - 1) / rate), atol=1e-6)


@given(durations, rates, st.lists(st.floats(0, 1), max_size=500))
def test_scenes_tile_the_grid_however_short(
    duration: float, rate: Fraction, shares: list[float]
) -> None:
    starts = [0.0, *sorted(share * duration for share in shares)]
    grid = FrameGrid.over(duration, rate)
    spans = grid.spans(starts)
    assert len(spans) == len(starts)
    assert [frame for first, end in spans for frame in range(first, end)] == list(range(grid.count))
    for start, (first, _) in zip(starts, spans, strict=True):
        # The song's last half frame may have no frame of its own.
        assert abs(first / rate - Fraction(start)) <= 1 / rate


@given(durations, rates)
def test_500_scenes_and_one(duration: float, rate: Fraction) -> None:
    grid = FrameGrid.over(duration, rate)
    assert grid.spans([0.0]) == [(0, grid.count)]
    many = grid.spans([duration * place / 500 for place in range(500)])
    assert sum(end - first for first, end in many) == grid.count
    assert all(first <= end for first, end in many)
