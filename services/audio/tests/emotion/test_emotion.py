"""The rules follow what listeners agree on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_audio import spectrum
from songreel_audio.emotion import emotion, extractors
from songreel_audio.rhythm import beats, onsets
from songreel_kit.errors import UnknownExtractor

RATE = spectrum.SAMPLE_RATE
MAJOR, MINOR = (0, 4, 7, 12), (0, 3, 7, 12)


def music(steps, bpm, loudness, brightness, seconds=16):
    time = np.arange(int(0.5 * RATE)) / RATE
    sound = np.zeros(seconds * RATE + len(time))
    for index, start in enumerate(np.arange(0, seconds, 60 / bpm)):
        for step in (steps[0], steps[1], steps[2]) if index % 2 else (steps[0], steps[2], steps[3]):
            pitch = 262 * 2 ** (step / 12)
            tone = sum(
                np.sin(2 * np.pi * pitch * h * time) / h ** (3 - 2 * brightness)
                for h in range(1, 10)
            )
            at = int(start * RATE)
            sound[at : at + len(time)] += loudness * tone * np.exp(-6 * time) / 4
    return sound[: seconds * RATE].astype(np.float32)


def feel(samples):
    spectrogram = spectrum.compute(samples)
    strength = onsets.detect(spectrogram)
    song = emotion.ExtractorInput(
        samples, spectrogram, strength, beats.track(spectrogram, strength)
    )
    return extractors.choose("rules")(song)


def test_loud_fast_and_bright_is_more_excited_than_soft_slow_and_dull():
    party = feel(music(MAJOR, 150, 0.9, 0.9))
    lullaby = feel(music(MAJOR, 60, 0.05, 0.1))
    assert party.arousal > lullaby.arousal + 0.4
    assert party.quadrant == "joyful"
    assert lullaby.arousal < 0


def test_major_is_happier_than_minor():
    assert (
        feel(music(MAJOR, 100, 0.4, 0.5)).valence > feel(music(MINOR, 100, 0.4, 0.5)).valence + 0.3
    )


def test_the_curve_follows_the_song_second_by_second():
    samples = np.concatenate([music(MAJOR, 60, 0.03, 0.1), music(MAJOR, 150, 0.9, 0.9)])
    mood = feel(samples)
    assert [time for time, _, _ in mood.curve] == list(range(32))
    arousal = np.array([a for _, _, a in mood.curve])
    assert arousal[20:30].mean() > arousal[2:12].mean() + 0.4
    assert mood.valence_std > 0
    assert mood.arousal_std > 0


def test_an_unknown_extractor_is_named_with_those_there_are():
    with pytest.raises(UnknownExtractor, match="rules"):
        extractors.choose("crystal ball")


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_every_mood_has_a_name(valence, arousal):
    name = emotion.quadrant(valence, arousal)
    if np.hypot(valence, arousal) < emotion.NEUTRAL_RADIUS:
        assert name == "neutral"
    else:
        expected = {(True, True): "joyful", (False, True): "tense", (False, False): "sad",
                    (True, False): "serene"}  # fmt: skip
        assert name == expected[valence >= 0, arousal >= 0]


@pytest.mark.parametrize("key", range(12))
def test_mode_is_the_same_in_every_key(key):
    chord = np.zeros((1, 12))
    chord[0, [(key + step) % 12 for step in (0, 4, 7)]] = 1
    minor = np.zeros((1, 12))
    minor[0, [(key + step) % 12 for step in (0, 3, 7)]] = 1
    assert emotion.mode(chord)[0] > 0.25
    assert emotion.mode(minor)[0] < -0.25
