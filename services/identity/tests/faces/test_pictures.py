"""Pictures of strangers: refused by their header, or decoded in a child with limits."""

from __future__ import annotations

import os
import signal
import struct
import zlib
from contextlib import closing
from time import process_time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_identity.faces.picture_headers import picture_size
from songreel_identity.faces.pictures import PictureDecoder, PictureLimits
from songreel_kit import errors

PICTURE = np.random.default_rng(1).integers(0, 255, (240, 320, 3)).astype(np.uint8)


def encoded(extension: str, *options: int) -> bytes:
    return cv2.imencode(extension, PICTURE, options)[1].tobytes()


BASELINE = encoded(".jpg")
PROGRESSIVE = encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)


def png(width: int, height: int, *, interlaced: bool = False) -> bytes:
    """One colour, however large: 30,000 x 30,000 px are 350 kB of zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + width // 8)) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, interlaced)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def scans(jpeg: bytes, times: int) -> bytes:
    """The same JPEG with its last scan repeated, each as short as can be."""
    begin = jpeg.rindex(b"\xff\xda")
    length = int.from_bytes(jpeg[begin + 2 : begin + 4])
    head = jpeg[begin : begin + 2 + length]
    return jpeg[:-2] + head * times + b"\xff\xd9"


@pytest.mark.parametrize(
    ("bomb", "error"),
    [
        (png(30_000, 30_000), errors.FrameTooLarge),
        (png(1000, 1000, interlaced=True), errors.BadFrame),
        (PROGRESSIVE, errors.BadFrame),
        (scans(PROGRESSIVE, 50_000), errors.BadFrame),
        (scans(BASELINE, 50_000), errors.BadFrame),
        (BASELINE[:2] + b"\xff\xfe\0\2" * 100_000 + BASELINE[2:], errors.BadFrame),
    ],
    ids=["large png", "interlaced", "progressive", "scans", "repeated scans", "segments"],
)
def test_bombs_are_refused_by_their_header(bomb, error):
    begun = process_time()
    with closing(PictureDecoder()) as decoder, pytest.raises(error):
        decoder.decode(bomb)
    assert process_time() - begun < 1.0


@pytest.mark.parametrize("extension", [".jpg", ".png"])
def test_a_child_decodes_what_is_whole(extension):
    data = encoded(extension)
    assert picture_size(data) == (320, 240)
    with closing(PictureDecoder()) as decoder:
        for _ in range(2):
            expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
            assert np.array_equal(decoder.decode(data), expected)


def test_a_decoder_that_hangs_or_dies_is_killed_and_replaced():
    with closing(PictureDecoder(PictureLimits(seconds=0.5))) as decoder:
        decoder.decode(BASELINE)
        child = decoder._process
        os.kill(child.pid, signal.SIGSTOP)  # as one that hangs
        with pytest.raises(errors.BadFrame, match="time and memory"):
            decoder.decode(BASELINE)
        assert child.poll() is not None
        assert decoder.decode(BASELINE).shape == (240, 320, 3)
        decoder._process.kill()
        decoder._process.wait()
        with pytest.raises(errors.BadFrame):
            decoder.decode(BASELINE)
        assert decoder.decode(BASELINE).shape == (240, 320, 3)


def test_a_decoder_has_the_memory_of_its_limits():
    limits = PictureLimits(pixels=10**9, memory_bytes=1 << 30)
    with closing(PictureDecoder(limits)) as decoder, pytest.raises(errors.BadFrame):
        decoder.decode(png(25_000, 25_000))


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_have_a_size_or_a_typed_error(data):
    for picture in (data, b"\xff\xd8" + data + b"\xff\xd9", b"\x89PNG\r\n\x1a\n" + data):
        try:
            width, height = picture_size(picture)
        except errors.BadFrame:
            continue
        assert max(width, height) < 2**32
