"""Writes small films of exact cuts, rates, formats and sounds."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SOUND_RATE = 48_000
_BASE = Fraction(1, 90_000)


def shot_picture(shot: int, time: float, size=(160, 90)) -> np.ndarray:
    """A picture (height, width, 3) RGB of a shot: colours of its own, and a square that moves."""
    rng = np.random.default_rng(shot)
    width, height = size
    low, high = rng.integers(20, 235, (2, 3))
    ramp = np.linspace(0, 1, width)[None, :, None]
    picture = np.repeat(low + (high - low) * ramp, height, axis=0)
    left = int((time * 40 + 31 * shot) % (width - 24))
    picture[height // 3 : height // 3 + 24, left : left + 24] = rng.integers(0, 255, 3)
    return picture.astype(np.uint8)


def write_film(
    path: Path,
    seconds: float = 6.0,
    cuts: Sequence[float] = (),
    fps: int = 25,
    size=(160, 90),
    codec="libx264",
    pix_fmt="yuv420p",
    times: Sequence[float] | None = None,
    sound: np.ndarray | None = None,
    picture=None,
) -> Path:
    """Writes a film whose shots begin at 0 and at `cuts`.

    `times` gives each picture's own time (a variable rate); `sound` is (n,) float32 at 48 kHz;
    `picture(time)` draws instead of `shot_picture`.
    """
    times = times if times is not None else [i / fps for i in range(round(seconds * fps))]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.time_base = stream.codec_context.time_base = _BASE
        if codec == "libx264":
            stream.codec_context.options = {"preset": "ultrafast", "crf": "18"}
        heard = None
        if sound is not None:
            name = "libopus" if path.suffix == ".webm" else "aac"
            heard = container.add_stream(name, rate=SOUND_RATE, layout="mono")
        for time in times:
            shot = int(np.searchsorted(cuts, time + 1e-6, "right"))
            pixels = picture(time) if picture else shot_picture(shot, time, size)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = round(time / _BASE), _BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if heard is not None:
            _write_sound(container, heard, sound)
    return path


def _write_sound(container, stream, samples) -> None:
    resampler = av.AudioResampler(stream.codec_context.format.name, "mono", SOUND_RATE)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples[None], np.float32), format="fltp", layout="mono"
    )
    frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, 0, Fraction(1, SOUND_RATE)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(part))
    container.mux(stream.encode(None))


def turn_film(path: Path) -> Path:
    """Marks an mp4 to be shown turned by a quarter, as phones do."""
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd") + 4
    matrix = header + (4 + 36 if data[header] == 0 else 4 + 48)
    one, unit = 1 << 16, 1 << 30
    data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, unit)
    path.write_bytes(bytes(data))
    return path
