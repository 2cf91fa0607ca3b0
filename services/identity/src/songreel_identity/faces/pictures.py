"""Pictures in memory."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from songreel_kit.errors import BadFrame

Image = NDArray[np.uint8]
"""(height, width, 3) RGB."""


def decode_picture(data: bytes) -> Image:
    """Decodes a JPEG or PNG. Raises `BadFrame`."""
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if found is None:
        raise BadFrame("a picture cannot be decoded: send JPEG or PNG")
    return np.ascontiguousarray(found[:, :, ::-1]).astype(np.uint8)
