"""One spectrum for all: block by block, in little memory."""

import tracemalloc

import numpy as np
import pytest
from songreel_audio import spectrum
from songreel_audio.emotion import features
from songreel_audio.lyrics import glides
from songreel_audio.rhythm import onsets
from songreel_audio.spectrum import FRAME_RATE, HOP, MEL_BANDS, SAMPLE_RATE, WINDOW


def noise(seconds):
    generator = np.random.default_rng(4)
    return 0.1 * generator.standard_normal(round(seconds * SAMPLE_RATE), np.float32)


@pytest.mark.parametrize("samples", [1, HOP - 1, HOP, 5 * HOP + 7, 1024 * HOP, 1024 * HOP + 1])
@pytest.mark.parametrize("every", [1, 2, 8])
def test_blocks_are_the_frames_of_the_whole(samples, every):
    sound = noise(15)[:samples]
    padded = np.pad(sound, WINDOW)
    hann = np.hanning(WINDOW + 1)[:-1]
    seen = 0
    for block in spectrum.blocks(sound, every):
        assert block.first == seen * every
        for row in {0, len(block.amplitude) // 2, len(block.amplitude) - 1}:
            middle = WINDOW + (seen + row) * every * HOP
            frame = padded[middle - WINDOW // 2 : middle + WINDOW // 2]
            assert np.array_equal(block.sound[row], frame)
            expected = np.abs(np.fft.rfft(frame * hann))
            assert block.amplitude[row] == pytest.approx(expected, abs=1e-3)
        seen += len(block.amplitude)
    assert seen == samples // (HOP * every) + 1


def peak_bytes(samples):
    tracemalloc.start()
    try:
        listeners = features.FeatureCollector(samples), glides.GlideDetector(samples)
        onsets.detect(spectrum.compute(samples, *listeners))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_by_what_is_kept_alone():
    short, long = noise(40), noise(100)
    peak_bytes(noise(2))  # what librosa loads at its first use is no song's
    grown = (peak_bytes(long) - peak_bytes(short)) / 60
    # Mel bands, two chromas, centroid and loudness; at half the rate the 128 bands and 16 rows
    # of the emotion features; pitches for the tuning; four onset curves and what scales them.
    kept = FRAME_RATE * 4 * (MEL_BANDS + 2 * 12 + 2 + (128 + 16) / 2 + 4 + 12)
    spectra = FRAME_RATE * 4 * (WINDOW // 2 + 1)
    assert grown < 2 * kept
    assert grown < spectra / 2
