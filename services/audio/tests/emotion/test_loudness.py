"""A mood is the music's, not the file's: level, channels, container and rate do not change it."""

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_audio.analysis import AnalysisRequest, analyze
from songreel_audio.emotion import loudness
from songreel_audio.spectrum import SAMPLE_RATE

from ..conftest import encode

DEMO = Path(__file__).resolve().parents[4] / "demo" / "song.mp3"


def sound(seconds: float = 4.0) -> np.ndarray:
    """A chord with a beat, at 22.05 kHz."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6))
    return (0.1 * chord * np.exp(-3.0 * (t % 0.5))).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(st.floats(-55.0, 12.0))
def test_the_gain_makes_every_level_the_same(decibels: float) -> None:
    samples = sound() * np.float32(10.0 ** (decibels / 20.0))
    played = samples.astype(np.float64) * loudness.gain(samples)
    found = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(played)
    assert found == pytest.approx(loudness.TARGET, abs=0.5)
    assert loudness.gain(samples) == pytest.approx(
        loudness.gain(sound()) * 10.0 ** (-decibels / 20.0), rel=1e-3
    )


@pytest.mark.parametrize("samples", [np.zeros(44_100, np.float32), sound(0.2), sound(0.0)])
def test_what_has_no_loudness_is_left(samples: np.ndarray) -> None:
    assert loudness.gain(samples) == 1.0


@pytest.mark.parametrize("extractor", ["librosa", "rules"])
def test_the_file_does_not_decide_the_mood(extractor: str, tmp_path: Path) -> None:
    import av

    with av.open(str(DEMO)) as container:
        frames = [f.to_ndarray().mean(axis=0) for f in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    mono = np.concatenate(frames)[: 20 * rate].astype(np.float32)
    mono *= 0.2 / np.abs(mono).max()
    files = {
        "as it is": ("a.wav", mono[None]), "-24 dB": ("b.wav", mono[None] * 0.063),
        "+12 dB": ("c.wav", mono[None] * 4.0), "stereo": ("d.wav", np.stack([mono, mono])),
        "mp3": ("e.mp3", mono[None]),
    }  # fmt: skip
    moods = {}
    for name, (file, samples) in files.items():
        encode(tmp_path / file, samples, rate)
        request = AnalysisRequest(asr="none", extractor=extractor)
        moods[name] = analyze(tmp_path / file, request).emotion
    plain = moods["as it is"]
    for name, mood in moods.items():
        assert mood.quadrant == plain.quadrant, name
        assert mood.valence == pytest.approx(plain.valence, abs=0.03), name
        assert mood.arousal == pytest.approx(plain.arousal, abs=0.03), name
