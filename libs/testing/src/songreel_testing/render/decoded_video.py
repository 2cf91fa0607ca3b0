"""Videos as a player decodes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


@dataclass(frozen=True)
class DecodedVideo:
    """A video as a player sees it."""

    frames: np.ndarray
    """(frames, height, width, 3) uint8."""
    times: list[Fraction]
    """Seconds at which each is shown."""
    sound: np.ndarray
    """(samples,) float32, as played from 0 on."""
    sound_rate: int
    codecs: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> DecodedVideo:
        with av.open(str(path)) as container:
            codecs = tuple(stream.codec_context.name for stream in container.streams)
            pictures = list(container.decode(video=0))
            frames = np.stack([picture.to_ndarray(format="rgb24") for picture in pictures])
            times = [picture.pts * picture.time_base for picture in pictures]
        sound, rate = read_sound(path)
        return cls(frames, times, sound, rate, codecs)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.frames.tobytes()).hexdigest()

    def changes(self) -> np.ndarray:
        """(frames,) mean difference of each frame to the one before it."""
        steps = np.abs(np.diff(self.frames.astype(np.float32), axis=0)).mean(axis=(1, 2, 3))
        return np.concatenate([[0.0], steps])


def read_sound(path: Path) -> tuple[np.ndarray, int]:
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono")
        parts = [
            part.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
        return np.concatenate(parts), container.streams.audio[0].codec_context.sample_rate


def audio_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def sound_shift(decoded: DecodedVideo, expected: np.ndarray) -> float:
    """Seconds by which the sound is late against what it should be."""
    length = min(len(decoded.sound), len(expected))
    spectrum = np.fft.rfft(decoded.sound[:length], 2 * length) * np.conj(
        np.fft.rfft(expected[:length], 2 * length)
    )
    shift = int(np.argmax(np.fft.irfft(spectrum)))
    return (shift if shift < length else shift - 2 * length) / decoded.sound_rate
