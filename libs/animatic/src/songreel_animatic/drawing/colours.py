"""Colours: red, green, blue in [0, 1], and what light does to them."""

from __future__ import annotations

import colorsys
from functools import cache, lru_cache
from typing import NamedTuple

import skia


class Colour(NamedTuple):
    """An opaque colour, each channel in [0, 1], sRGB."""

    r: float
    g: float
    b: float

    def mix(self, other: Colour, share: float) -> Colour:
        """The colour `share` of the way to `other`."""
        r, g, b = self
        return Colour(
            r + (other.r - r) * share, g + (other.g - g) * share, b + (other.b - b) * share
        )

    def lit(self, light: Colour, strength: float = 1.0) -> Colour:
        """The colour under a coloured light; channels of `light` may be above 1."""
        return Colour(
            *(min(1.0, a * (1.0 + strength * (b - 1.0))) for a, b in zip(self, light, strict=True))
        )

    def darker(self, share: float) -> Colour:
        """`share` darker, turned a little to blue, as shadows are."""
        return self.mix(Colour(0.07, 0.06, 0.16), share)

    def paler(self, share: float) -> Colour:
        """`share` of the way to a warm white."""
        return self.mix(Colour(1.0, 0.98, 0.93), share)

    def saturated(self, factor: float) -> Colour:
        """Saturation times `factor`."""
        h, light, s = colorsys.rgb_to_hls(*self)
        return Colour(*colorsys.hls_to_rgb(h, light, min(1.0, s * factor)))

    def argb(self, alpha: float = 1.0) -> int:
        """As skia takes it."""
        return _argb(self, alpha)


@lru_cache(maxsize=8192)
def _argb(colour: Colour, alpha: float) -> int:
    r, g, b, a = (round(255 * min(1.0, max(0.0, value))) for value in (*colour, alpha))
    return skia.Color(r, g, b, a)


@cache
def hexed(text: str) -> Colour:
    """A colour from `#rrggbb`."""
    return Colour(*(int(text[i : i + 2], 16) / 255.0 for i in (1, 3, 5)))
