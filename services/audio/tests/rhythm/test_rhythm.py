"""Beats, bars and tempo of music whose beats are known."""

import numpy as np
import pytest
from songreel_audio import spectrum
from songreel_audio.rhythm import beats, onsets
from songreel_audio.rhythm.beats import TempoHint
from songreel_audio.spectrum import FRAME_RATE

RATE = spectrum.SAMPLE_RATE


def heard(samples, hint=None):
    folded = spectrum.compute(samples)
    return beats.track(folded, onsets.detect(folded), hint)


def errors(truth, found):
    distances = np.array([time - truth[np.argmin(np.abs(truth - time))] for time in found])
    return distances[np.abs(distances) < 0.07]


@pytest.mark.parametrize("kind", ["clicks", "drums", "eighths"])
@pytest.mark.parametrize("bpm", [70, 85, 100, 115, 130, 150, 170])
def test_a_steady_tempo_is_followed(band, beat_score, bpm, kind):
    truth = band.beat_times(bpm, bpm, 30)
    rhythm = heard(band.play(truth, 30, kind))
    assert beat_score(truth, rhythm.beats) >= 0.95
    assert rhythm.tempo_bpm == pytest.approx(bpm, rel=0.01)
    assert len(rhythm.tempo_curve) == 1
    off = errors(truth, rhythm.beats)
    assert abs(off.mean()) < 0.010
    assert np.abs(off).mean() < 0.015


@pytest.mark.parametrize("kind", ["strong snare", "four"])
@pytest.mark.parametrize("bpm", [100, 120, 150])
def test_a_back_beat_is_not_taken_for_every_beat(band, beat_score, bpm, kind):
    truth = band.beat_times(bpm, bpm, 30)
    rhythm = heard(band.play(truth, 30, kind))
    assert rhythm.tempo_bpm == pytest.approx(bpm, rel=0.01)
    assert beat_score(truth, rhythm.beats) >= 0.95


@pytest.mark.parametrize("kind", ["clicks", "drums", "eighths"])
@pytest.mark.parametrize(("first", "last"), [(80, 100), (120, 90), (90, 120)])
def test_a_tempo_that_changes_is_followed(band, beat_score, first, last, kind):
    truth = band.beat_times(first, last, 40)
    rhythm = heard(band.play(truth, 40, kind))
    assert beat_score(truth, rhythm.beats) >= 0.95
    assert abs(errors(truth, rhythm.beats).mean()) < 0.010
    curve = [bpm for _, bpm in rhythm.tempo_curve]
    assert curve[0] == pytest.approx(first + 0.08 * (last - first), rel=0.05)
    assert np.sign(curve[-1] - curve[0]) == np.sign(last - first)


@pytest.mark.parametrize("kind", ["click", "kick", "snare"])
def test_onset_strength_peaks_where_sounds_begin(band, kind):
    times = np.arange(1, 18, 0.5137)
    sound = np.zeros(20 * RATE, np.float32)
    part = getattr(band, kind)
    for time in times:
        start = round(time * RATE)
        sound[start : start + len(part)] += part
    strength = onsets.detect(spectrum.compute(sound)).whole
    peaks = []
    for time in times:
        first = int((time - 0.1) * FRAME_RATE)
        peaks.append((first + np.argmax(strength[first : first + 18])) / FRAME_RATE - time)
    assert abs(np.mean(peaks)) < 0.010


def test_onset_strength_is_scaled_to_the_song(band):
    samples = band.play(band.beat_times(100, 100, 20), 20, "drums")
    for gain in (1.0, 0.02):
        strength = onsets.detect(spectrum.compute(gain * samples))
        for curve in (strength.whole, strength.low, strength.mid, strength.high):
            assert curve.min() >= 0
            assert np.percentile(curve, 99) == pytest.approx(1.0, abs=0.01)


def test_bands_tell_drums_apart(band):
    truth = band.beat_times(100, 100, 20)
    strength = onsets.detect(spectrum.compute(band.play(truth, 20, "drums")))

    def at(curve, times):
        frames = np.round(times * FRAME_RATE).astype(int)
        return np.mean([curve[frame - 3 : frame + 4].max() for frame in frames])

    kicks, snares = truth[0::2], truth[1::2]
    assert at(strength.low, kicks) > 1.3 * at(strength.low, snares)
    assert at(strength.mid, snares) > 1.3 * at(strength.mid, kicks)


@pytest.mark.parametrize(("octave", "factor"), [("half", 0.5), ("double", 2.0)])
def test_the_user_may_ask_for_another_octave(band, octave, factor):
    samples = band.play(band.beat_times(100, 100, 30), 30, "eighths")
    rhythm = heard(samples, TempoHint(octave=octave))
    assert rhythm.tempo_bpm == pytest.approx(100 * factor, rel=0.02)


@pytest.mark.parametrize("bpm", [60, 120])
def test_a_tempo_that_the_user_gives_is_kept(band, bpm):
    samples = band.play(band.beat_times(120, 120, 30), 30, "eighths")
    assert heard(samples, TempoHint(bpm=bpm)).tempo_bpm == pytest.approx(bpm, rel=0.02)


def chords(bars, beats_per_bar, bpm):
    """Chords that change with each bar, struck on each beat, harder on the first."""
    time = np.arange(int(0.6 * RATE)) / RATE
    sound = np.zeros(int((bars * beats_per_bar + 2) * 60 / bpm * RATE))
    for beat in range(bars * beats_per_bar):
        bar, place = divmod(beat, beats_per_bar)
        for step in ((0, 4, 7), (5, 9, 12), (7, 11, 14), (9, 12, 16))[bar % 4]:
            tone = np.sin(2 * np.pi * 220 * 2 ** (step / 12) * time) * np.exp(-5 * time)
            start = int(beat * 60 / bpm * RATE)
            sound[start : start + len(time)] += (1.0 if place == 0 else 0.5) * tone / 4
    return sound.astype(np.float32)


@pytest.mark.parametrize("beats_per_bar", [3, 4])
def test_bars_are_where_chords_change(beats_per_bar, beat_score):
    rhythm = heard(chords(14, beats_per_bar, 100))
    assert rhythm.metre == beats_per_bar
    truth = np.arange(14) * beats_per_bar * 0.6
    assert beat_score(truth, rhythm.downbeats) >= 0.9


def test_downbeats_are_beats_and_beats_ascend(band):
    rhythm = heard(band.play(band.beat_times(95, 105, 30), 30, "eighths"))
    assert set(rhythm.downbeats) <= set(rhythm.beats)
    assert (np.diff(rhythm.beats) > 0.2).all()


def test_noise_has_no_steady_beat():
    noise = np.random.default_rng(3).standard_normal(20 * RATE).astype(np.float32)
    rhythm = heard(0.1 * noise)
    assert rhythm.metre == 0
    assert rhythm.confidence < 0.3


@pytest.mark.parametrize("seconds", [1.0, 1.7, 3.0])
def test_short_sounds_are_survived(band, seconds):
    rhythm = heard(band.play(np.array([0.2]), seconds, "clicks"))
    assert (rhythm.beats <= seconds).all()


def test_a_held_tone_without_onsets_is_survived():
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(10 * RATE) / RATE)
    rhythm = heard(tone.astype(np.float32))
    assert 0.0 <= rhythm.confidence <= 1.0
    assert np.isfinite(rhythm.beats).all()
