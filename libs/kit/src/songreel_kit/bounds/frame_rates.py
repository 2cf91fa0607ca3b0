"""Frame rates: how they are written, and which there may be."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from songreel_kit.errors import InvalidRenderSettings

DEFAULT_FPS: Final = "24"
MIN_FPS: Final = 1
MAX_FPS: Final = 120
# Decimal spellings of the NTSC rates ("23.976", "29.97") mean n * 1000/1001.
_NTSC_BASES: Final = (24, 30, 48, 60, 120)
_NTSC_TOLERANCE: Final = 0.005
# Exponents and endless digits, which `Fraction` also reads, could keep it busy for hours.
_SPELLING: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9}|/[0-9]{1,6})?")


def parse_frame_rate(text: str) -> Fraction:
    """Read a frame rate in frames per second.

    Args:
        text: "12", "24000/1001" or a decimal; "23.976" and its like are snapped to the exact
            NTSC rational, so that long videos do not drift. Empty means `DEFAULT_FPS`.

    Raises:
        InvalidRenderSettings: not a number, or outside 1..120.
    """
    text = text.strip() or DEFAULT_FPS
    try:
        rate = Fraction(text) if _SPELLING.fullmatch(text) else None
    except ZeroDivisionError:
        rate = None
    if rate is None:
        raise InvalidRenderSettings(
            f"fps {text[:20]!r} is not a frame rate; write it like 12, 25, 23.976 or 24000/1001",
            field="fps",
        )
    if not MIN_FPS <= rate <= MAX_FPS:
        raise InvalidRenderSettings(f"fps {text} is outside {MIN_FPS}..{MAX_FPS}", field="fps")
    if "/" not in text and rate.denominator != 1:
        for base in _NTSC_BASES:
            exact = Fraction(base * 1000, 1001)
            if abs(rate - exact) < _NTSC_TOLERANCE:
                return exact
    return rate.limit_denominator(1001)
