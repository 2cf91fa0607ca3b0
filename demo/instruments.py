"""The demo song's band: every sound is made from sines and seeded noise.

Signals are float64 mono at `SAMPLE_RATE`; pitches are MIDI note numbers, lengths seconds.
"""

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

SAMPLE_RATE = 44_100


def frequency(pitch: float) -> float:
    """Hz of a MIDI note number (69 = 440 Hz)."""
    return 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)


def clock(seconds: float) -> Signal:
    """Sample times in seconds, from 0."""
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def filtered(signal: Signal, low: float, high: float) -> Signal:
    """`signal` with what lies outside `low`..`high` Hz faded out (about 12 dB an octave)."""
    spectrum = np.fft.rfft(signal)
    hertz = np.fft.rfftfreq(len(signal), 1 / SAMPLE_RATE)
    gain = 1.0 / (1.0 + (hertz / high) ** 4)
    if low > 0:
        gain = gain / (1.0 + (low / np.maximum(hertz, 1e-6)) ** 4)
    return np.fft.irfft(spectrum * np.sqrt(gain), len(signal))


def _fade(signal: Signal, attack: float, release: float) -> Signal:
    """`signal` with raised-cosine ends, so that nothing clicks."""
    shaped = signal.copy()
    rise = min(round(attack * SAMPLE_RATE), len(signal))
    fall = min(round(release * SAMPLE_RATE), len(signal))
    shaped[:rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / max(rise, 1))
    shaped[len(signal) - fall :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(fall) / max(fall, 1))
    return shaped


def pluck(pitch: float, seconds: float, brightness: float = 0.5) -> Signal:
    """A guitar-like string: harmonics that die away the faster the higher they are."""
    time = clock(seconds)
    base = frequency(pitch)
    tone = np.zeros_like(time)
    for harmonic in range(1, min(14, int(9_000 / base)) + 1):
        # A string picked at 1/5 of its length lacks every fifth harmonic.
        strength = abs(np.sin(np.pi * harmonic / 5.0)) / harmonic ** (1.9 - brightness)
        decay = np.exp(-time * (1.6 + 0.9 * harmonic))
        stretch = np.sqrt(1.0 + 2e-4 * harmonic**2)
        tone += strength * decay * np.sin(2 * np.pi * base * harmonic * stretch * time)
    return _fade(tone, 0.002, 0.04)


def pad(pitch: float, seconds: float, brightness: float) -> Signal:
    """Three detuned voices with slow ends; `brightness` in [0, 1] opens the overtones."""
    time = clock(seconds)
    tone = np.zeros_like(time)
    for voice, cents in enumerate((-7.0, 0.0, 6.0)):
        base = frequency(pitch + cents / 100.0)
        for harmonic in range(1, 13):
            if base * harmonic > 9_000:
                break
            strength = harmonic ** -(2.6 - 1.4 * brightness)
            phase = 1.7 * voice + 0.6 * harmonic
            tone += strength * np.sin(2 * np.pi * base * harmonic * time + phase)
    return _fade(tone / 3.0, 0.12, 0.25)


def bass(pitch: float, seconds: float) -> Signal:
    """A round electric bass."""
    time = clock(seconds)
    base = frequency(pitch)
    tone = np.sin(2 * np.pi * base * time)
    tone += 0.45 * np.exp(-6 * time) * np.sin(4 * np.pi * base * time)
    tone += 0.2 * np.exp(-9 * time) * np.sin(6 * np.pi * base * time)
    return _fade(tone * np.exp(-1.2 * time), 0.004, 0.05)


def bell(pitch: float, seconds: float) -> Signal:
    """A soft two-operator FM bell, the lead of the wordless bars."""
    time = clock(seconds)
    base = frequency(pitch)
    index = 1.8 * np.exp(-5 * time)
    tone = np.sin(2 * np.pi * base * time + index * np.sin(2 * np.pi * 3.5 * base * time))
    return _fade(tone * np.exp(-2.4 * time), 0.003, 0.05)


def kick() -> Signal:
    """A sine that falls from 150 to 48 Hz."""
    time = clock(0.32)
    phase = 2 * np.pi * (48 * time + 102 / 28 * (1 - np.exp(-28 * time)))
    return _fade(np.sin(phase) * np.exp(-9 * time), 0.001, 0.05)


def snare(noise: np.random.Generator) -> Signal:
    """Rattle over a short 190 Hz body."""
    time = clock(0.26)
    rattle = filtered(noise.standard_normal(len(time)), 900, 8_500) * np.exp(-17 * time)
    body = np.sin(2 * np.pi * 190 * time) * np.exp(-26 * time)
    return _fade(0.5 * rattle + 0.6 * body, 0.001, 0.03)


def hat(noise: np.random.Generator, seconds: float) -> Signal:
    """Bright noise; short is closed, long is open."""
    time = clock(seconds)
    hiss = filtered(noise.standard_normal(len(time)), 7_000, 16_000)
    return _fade(hiss * np.exp(-5.0 * time / seconds), 0.001, 0.01)


def crash(noise: np.random.Generator) -> Signal:
    """A cymbal that rings for two seconds."""
    time = clock(2.0)
    hiss = filtered(noise.standard_normal(len(time)), 3_500, 15_000)
    return _fade(hiss * np.exp(-2.2 * time), 0.002, 0.3)


def reverberated(signal: Signal, noise: np.random.Generator, seconds: float) -> Signal:
    """The reverberation alone: `signal` through decaying noise, dulled like a hall."""
    time = clock(seconds)
    response = noise.standard_normal(len(time)) * np.exp(-6.0 * time / seconds)
    response = filtered(response, 180, 4_200)
    response /= np.sqrt(np.sum(response**2))
    size = 1 << int(np.ceil(np.log2(len(signal) + len(response))))
    wet = np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(response, size), size)
    return wet[: len(signal)]
