"""Voices are told from instruments by how their tones glide."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_audio import spectrum
from songreel_audio.analysis import AnalysisRequest, analyze
from songreel_audio.lyrics import glides, vocal_activity
from songreel_audio.spectrum import SAMPLE_RATE

RATE = SAMPLE_RATE
PITCHES = (220.0, 247.0, 262.0, 330.0, 294.0, 247.0)


def sung(seconds, vibrato=0.5):
    """A tone with the partials of a voice that slides between notes and trembles."""
    time = np.arange(round(seconds * RATE)) / RATE
    note = np.array(PITCHES)[(time / 0.6).astype(int) % len(PITCHES)]
    # A slide of a tenth of a second from note to note.
    width = round(0.1 * RATE)
    slid = np.convolve(np.log2(note), np.ones(width) / width, "same")
    semitones = 12 * slid + vibrato * np.sin(2 * np.pi * 5.5 * time)
    phase = 2 * np.pi * np.cumsum(2 ** (semitones / 12)) / RATE
    formant = {n: np.exp(-(((220 * n - 700) / 500) ** 2)) + 0.3 for n in range(1, 14)}
    tone = sum(np.sin(n * phase) * weight / n for n, weight in formant.items())
    return 0.15 * tone * (np.sin(2 * np.pi * time / 1.2) > -0.9)


def struck(seconds):
    """The same notes on a piano of a kind."""
    time = np.arange(round(seconds * RATE)) / RATE
    since = time % 0.6
    note = np.array(PITCHES)[(time / 0.6).astype(int) % len(PITCHES)]
    tone = sum(np.sin(2 * np.pi * n * note * since) / n for n in range(1, 10))
    return 0.15 * tone * np.exp(-3 * since)


def found(samples):
    samples = np.asarray(samples, np.float32)
    listener = glides.GlideDetector(samples)
    return vocal_activity.detect(spectrum.compute(samples, listener), listener)


def overlap(spans, start, end):
    return sum(max(0.0, min(end, s.end) - max(start, s.start)) for s in spans)


def test_a_voice_is_sure_and_an_instrument_is_not():
    assert found(sung(15) + struck(15)).confidence > 0.8
    assert found(struck(15)).confidence < 0.2


def test_the_voice_is_found_where_it_is():
    heard = found(np.concatenate([struck(20), sung(20) + 0.3 * struck(20), struck(20)]))
    assert heard.confidence >= vocal_activity.CONFIDENT
    assert overlap(heard.singing, 20, 40) > 16
    # As far as five seconds from the singing it may be taken for some.
    assert overlap(heard.singing, 0, 14) + overlap(heard.singing, 46, 60) < 2


@pytest.mark.parametrize("sound", [np.zeros(RATE), np.ones(RATE // 4), 0.1 * struck(1.0)])
def test_next_to_nothing_is_survived(sound):
    heard = found(sound)
    assert 0.0 <= heard.confidence < vocal_activity.CONFIDENT


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.3, 6.0))
def test_what_is_sung_leads(seed, seconds):
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    heard = found(0.1 * noise + sung(seconds)[: len(noise)])
    total = sum(span.end - span.start for span in heard.spans)
    inside = sum(overlap(heard.leading, span.start, span.end) for span in heard.spans)
    assert inside == pytest.approx(total)


@pytest.mark.parametrize("block", [64, 1024])
def test_blocks_of_any_size_glide_alike(monkeypatch, block):
    samples = sung(5.0).astype(np.float32)
    whole = glides.GlideDetector(samples)
    spectrum.compute(samples, whole)
    monkeypatch.setattr(spectrum, "_BLOCK", block)
    parts = glides.GlideDetector(samples)
    spectrum.compute(samples, parts)
    assert np.array_equal(whole.gliding, parts.gliding)


def test_an_instrumental_has_no_vocals_unless_its_words_are_known(song_file):
    path = song_file("song.wav", samples=struck(12.0)[None], rate=RATE)
    heard = analyze(path, AnalysisRequest(extractor="rules"))
    assert heard.vocal_confidence < 0.5
    assert list(heard.vocals) == []
    request = AnalysisRequest(extractor="rules", lyrics=b"la la la\nla la")
    known = analyze(path, request)
    assert known.lyrics_source == "text"
    assert len(known.vocals) > 0
