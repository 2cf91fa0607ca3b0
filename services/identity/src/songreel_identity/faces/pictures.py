"""Pictures in memory, and the child process that decodes those of strangers."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from songreel_kit.errors import BadFrame, FrameTooLarge

from songreel_identity.faces.picture_headers import picture_size

Image = NDArray[np.uint8]
"""(height, width, 3) RGB."""


@dataclass(frozen=True)
class PictureLimits:
    """What a picture may cost."""

    bytes: int = 4_000_000
    pixels: int = 2048 * 2048
    seconds: float = 3.0
    """The decoder is killed after this time; its first picture has a little more."""
    memory_bytes: int = 1 << 30
    """Address space of the decoder; libraries alone take several hundred MB of it."""


_START_SECONDS = 20.0


class PictureDecoder:
    """Decodes JPEG and PNG in a child process with limits, which starts with the first picture.

    Not thread-safe. A decoder that hangs or dies is replaced for the next picture.
    """

    def __init__(self, limits: PictureLimits | None = None) -> None:
        self.limits = limits or PictureLimits()
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, data: bytes) -> Image:
        """The picture. Raises `BadFrame`, `FrameTooLarge`."""
        check_picture(data, self.limits)
        started = self._process is None
        process = self._process = self._process or self._start()
        seconds = self.limits.seconds + (_START_SECONDS if started else 0.0)
        watchdog = threading.Timer(seconds, process.kill)
        watchdog.start()
        try:
            return _ask(process, data, self.limits)
        except (OSError, EOFError) as error:
            self.close()
            raise BadFrame(
                "a picture could not be decoded within its time and memory: send another one"
            ) from error
        finally:
            watchdog.cancel()

    def close(self) -> None:
        """Ends the child."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was not written is not missed
                    stream.close()
        process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            # -P: a file "cv2.py" in the working folder must not be taken for the library.
            [sys.executable, "-P", "-m", "songreel_identity.faces.picture_process",
             str(self.limits.memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip


def check_picture(data: bytes, limits: PictureLimits) -> tuple[int, int]:
    """Width and height by the header, px. Raises `BadFrame`, `FrameTooLarge`."""
    if len(data) > limits.bytes:
        raise FrameTooLarge(f"a picture of {len(data)} bytes: send at most {limits.bytes}")
    width, height = picture_size(data)
    if width * height > limits.pixels:
        raise FrameTooLarge(
            f"a picture of {width}x{height}: send at most {limits.pixels} pixels, 640x480 is enough"
        )
    return width, height


def decode_picture(data: bytes) -> Image:
    """Decodes, in this process, a JPEG or PNG that is already trusted. Raises `BadFrame`."""
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if data else None
    if found is None:
        raise BadFrame("a picture cannot be decoded: send JPEG or PNG")
    return np.ascontiguousarray(found).astype(np.uint8, copy=False)


def _ask(process: subprocess.Popen[bytes], data: bytes, limits: PictureLimits) -> Image:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(len(data).to_bytes(4))
    process.stdin.write(data)
    process.stdin.flush()
    head = process.stdout.read(8)
    if len(head) < 8:
        raise EOFError("the decoder has ended")
    height, width = int.from_bytes(head[:4]), int.from_bytes(head[4:])
    if not height:
        raise BadFrame("a picture cannot be decoded: send a whole baseline JPEG, or a PNG")
    if height * width > limits.pixels:
        raise EOFError("the decoder says another size than the header")
    pixels = process.stdout.read(height * width * 3)
    if len(pixels) < height * width * 3:
        raise EOFError("the decoder has ended")
    return np.frombuffer(bytearray(pixels), np.uint8).reshape(height, width, 3)
