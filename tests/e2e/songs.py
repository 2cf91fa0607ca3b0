"""Songs for the tests: composed, synthesised and encoded here."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 44100
BPM = 120.0
SECONDS = 10.0
LYRICS = """[ti:Harbour Morning]
[ar:songreel]
[00:01.00]Morning over the sea
[00:03.00]A bird above the boat
[00:05.00]Dancing on the sand
[00:07.00]The sun goes down again
"""


def band(seconds: float = SECONDS) -> np.ndarray:
    """Drums, a bass and chords: (samples,) float32 in [-1, 1]; quiet first, then loud."""
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(0).uniform(-1, 1, time.size)
    beat = 60.0 / BPM
    since_beat = time % beat
    since_snare = (time - beat) % (2 * beat)
    since_hat = time % (beat / 2)
    kick = np.sin(2 * np.pi * 55 * since_beat) * np.exp(-since_beat * 18)
    snare = noise * np.exp(-since_snare * 22) * (time >= beat)
    hat = noise * np.exp(-since_hat * 90)
    bar = (time // (4 * beat)).astype(int)
    roots = np.array([220.0, 174.6, 261.6, 196.0])[bar % 4]
    chord = sum(np.sin(2 * np.pi * roots * step * time) for step in (1.0, 1.26, 1.5))
    loudness = np.where(time < seconds / 2, 0.5, 1.0)
    mix = (0.6 * kick + 0.25 * snare + 0.1 * hat + 0.07 * chord) * loudness
    return (mix / np.abs(mix).max() * 0.9).astype(np.float32)


def write_song(path: Path, samples: np.ndarray, codec: str) -> None:
    """Encodes mono samples to the container that the file's name asks for."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="flt", layout="mono")
        frame.rate = RATE
        frame.pts = 0
        frame.time_base = Fraction(1, RATE)
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=RATE, frame_size=stream.frame_size or 1024
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
