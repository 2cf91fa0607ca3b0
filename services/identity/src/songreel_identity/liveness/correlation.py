"""Compares what was shown with what was seen, at every lag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Match:
    """The best agreement of two signals."""

    correlation: float
    """Pearson's, -1 to 1."""
    lag: float
    """Seconds by which the seen signal follows the shown one."""
    gain: float
    """Seen units per shown unit, by least squares at that lag."""


def best_match(
    shown_at: Series, shown: Series, seen_at: Series, seen: Series, lags: Series, *, hold: bool
) -> Match:
    """The lag at which `seen` follows `shown` best.

    Args:
        shown_at: (n,) s, rising.
        shown: (n, channels).
        seen_at: (m,) s, rising.
        seen: (m, channels), in one unit for all channels.
        lags: Lags to try, s.
        hold: Whether a shown value stays until the next (else it moves there evenly).

    Returns:
        The match; correlation 0 where a signal does not move.
    """
    best = Match(0.0, 0.0, 0.0)
    for lag in lags:
        times = seen_at - lag
        inside = (times >= shown_at[0]) & (times <= shown_at[-1])
        if np.count_nonzero(inside) < 8:
            continue
        expected = _at(times[inside], shown_at, shown, hold=hold)
        expected = expected - expected.mean(axis=0)
        actual = seen[inside] - seen[inside].mean(axis=0)
        power, energy = float((expected**2).sum()), float((actual**2).sum())
        if power <= 1e-12 or energy <= 1e-12:
            continue
        product = float((expected * actual).sum())
        correlation = product / np.sqrt(power * energy)
        if correlation > best.correlation:
            best = Match(float(correlation), float(lag), product / power)
    return best


def _at(times: Series, shown_at: Series, shown: Series, *, hold: bool) -> Series:
    if hold:
        return shown[np.searchsorted(shown_at, times, side="right") - 1]
    return np.stack([np.interp(times, shown_at, column) for column in shown.T], axis=1)
