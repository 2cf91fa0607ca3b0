"""What the header of a JPEG or PNG says, read before any pixel is decoded.

Only pictures that are decoded in one pass are taken. A progressive JPEG of some hundred kB can
hold thousands of scans, each of them work on the whole picture; so can a sequential one that
repeats its scans.
"""

from __future__ import annotations

import re

from songreel_kit.errors import BadFrame

_SEQUENTIAL = (0xC0, 0xC1)
_OTHER_KINDS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC, *_SEQUENTIAL}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment."""
_START_OF_SCAN, _END = 0xDA, 0xD9
_MOST_MARKERS = 400
# In a scan, FF is followed by 00 or is a restart, until the next marker.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

_PNG = b"\x89PNG\r\n\x1a\n"
_BROKEN = "a picture is not a whole JPEG or PNG: send it anew"


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height of a baseline JPEG or a PNG, px.

    Raises `BadFrame`: it is neither, is not whole, or is progressive or interlaced.
    """
    return png_size(data) if data.startswith(_PNG) else jpeg_size(data)


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG (ISO 15948, 11.2.2). Raises `BadFrame`."""
    if len(data) < 33 or not data.startswith(_PNG) or data[12:16] != b"IHDR":
        raise BadFrame(_BROKEN)
    if data[28]:
        raise BadFrame("a PNG is interlaced: send it without interlacing, or a JPEG")
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height of a baseline JPEG (ISO 10918-1, B.2.2). Raises `BadFrame`."""
    # Truncated files decode with grey below the cut: the end marker is asked for.
    if data[:2] != b"\xff\xd8" or b"\xff\xd9" not in data[-32:]:
        raise BadFrame(_BROKEN)
    size: tuple[int, int] | None = None
    components = scans = 0
    position = 2
    for _ in range(_MOST_MARKERS):
        if position + 4 > len(data) and data[position : position + 2] != b"\xff\xd9":
            break
        if data[position] != 0xFF:
            break
        marker = data[position + 1]
        if marker in _ALONE or marker == 0xFF:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == _END:
            break
        if marker in _OTHER_KINDS:
            raise BadFrame("a JPEG is not sequential: send baseline JPEGs, not progressive ones")
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4])
        if marker in _SEQUENTIAL:
            if size is not None or position + 10 > len(data):
                break
            height = int.from_bytes(data[position + 5 : position + 7])
            size = int.from_bytes(data[position + 7 : position + 9]), height
            components = data[position + 9]
        elif marker == _START_OF_SCAN:
            scans += 1
            if size is None or scans > components:
                raise BadFrame("a JPEG repeats its scans: send baseline JPEGs")
            found = _NEXT_MARKER.search(data, end)
            if found is None:
                break
            end = found.start()
        position = end
    else:
        raise BadFrame("a JPEG has too many segments: send it without metadata")
    if size is None or not scans:
        raise BadFrame(_BROKEN)
    return size
