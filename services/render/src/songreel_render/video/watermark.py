"""A visible watermark in the corner of every frame."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib import font_manager
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

# Shares of the picture's side.
_LETTERS: Final = 0.045
_MARGIN: Final = 0.02
_WIDEST: Final = 0.6
_OPACITY: Final = 0.8


class Watermark:
    """Words in the lower right corner, white on a dark ground.

    Args:
        text: one line; long ones are written smaller.
        size: pixels of a side of the frames.
    """

    def __init__(self, text: str, size: int) -> None:
        font_file = font_manager.findfont("DejaVu Sans")
        letters = max(7, round(_LETTERS * size))
        font = ImageFont.truetype(font_file, letters)
        while letters > 5 and font.getlength(text) > _WIDEST * size:
            letters -= 1
            font = ImageFont.truetype(font_file, letters)
        pad = max(2, letters // 3)
        # Until it fits: a watermark that runs out of the picture marks nothing.
        width = min(size, round(font.getlength(text)) + 2 * pad)
        height = letters + 2 * pad
        label = Image.new("RGB", (width, height), (0, 0, 0))
        ImageDraw.Draw(label).text(
            (width / 2, height / 2), text, (255, 255, 255), font, anchor="mm"
        )
        self._label = np.asarray(label, dtype=np.float32) * _OPACITY
        edge = size - min(round(_MARGIN * size), size - width, size - height)
        self._rows = slice(edge - height, edge)
        self._columns = slice(edge - width, edge)

    def draw(self, pixels: NDArray[np.uint8]) -> None:
        """Draw it into frames (n, height, width, 3), in place."""
        corner = pixels[:, self._rows, self._columns]
        corner[:] = np.round(corner * (1.0 - _OPACITY) + self._label).astype(np.uint8)
