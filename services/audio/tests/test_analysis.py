"""The whole analysis as a document."""

import numpy as np
import pytest
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel_audio.analysis import AnalysisRequest, analyze
from songreel_audio.analysis_plot import draw
from songreel_audio.decoding.decoding import Excerpt
from songreel_kit.artifacts.documents import document_text, parse_document


def check_document(analysis):
    """What every reader of an analysis relies on."""
    duration = analysis.duration
    assert analysis.sample_rate == 22_050
    frames = round(duration * analysis.onset_rate)
    bands = analysis.onset_bands
    for curve in (analysis.onset_strength, bands.low, bands.mid, bands.high):
        assert abs(len(curve) - frames) <= 1
        assert min(curve) >= 0
    assert abs(len(analysis.waveform_peak) - duration * analysis.waveform_rate) <= 1
    assert 0 <= min(analysis.waveform_peak) <= max(analysis.waveform_peak) <= 1
    assert 0 <= analysis.tempo_confidence <= 1
    assert analysis.metre in (0, 3, 4)
    assert set(analysis.downbeats) <= set(analysis.beats)
    assert all(0 <= beat < duration for beat in analysis.beats)
    assert list(analysis.beats) == sorted(analysis.beats)
    assert analysis.sections[0].start == 0
    assert analysis.sections[-1].end == pytest.approx(duration)
    for part in (*analysis.sections, *analysis.vocals, *analysis.lyrics):
        assert 0 <= part.start <= part.end <= duration + 1e-6
    assert analysis.excerpt.end - analysis.excerpt.start == pytest.approx(duration)
    assert len(analysis.emotion.curve) == int(np.ceil(duration))
    for point in analysis.emotion.curve:
        assert -1 <= point.valence <= 1
        assert -1 <= point.arousal <= 1


def test_a_song_without_words_or_tags(song_file):
    path = song_file("song.wav", seconds=6.0)
    analysis = analyze(path, AnalysisRequest(file_name="My Tune.wav"))
    check_document(analysis)
    assert analysis.title == "My Tune"
    assert analysis.lyrics_source == "none"
    assert parse_document(document_text(analysis).encode(), SongAnalysis) == analysis


def test_lyrics_of_tags_are_found_and_a_given_file_is_preferred(song_file):
    tags = {"lyrics": "[00:01.00]from the tag", "title": "T"}
    path = song_file("song.flac", seconds=5.0, tags=tags)
    analysis = analyze(path)
    assert analysis.lyrics_source == "tag"
    assert analysis.lyrics[0].text == "from the tag"
    request = AnalysisRequest(lyrics=b"[00:02.00]from the file", language="en")
    analysis = analyze(path, request)
    assert analysis.lyrics_source == "lrc"
    assert analysis.lyrics[0].text == "from the file"
    assert analysis.language == "en"


def test_an_excerpt_of_the_demo_song_is_heard_in_its_own_time(demo):
    lrc = (demo / "song.lrc").read_bytes()
    request = AnalysisRequest(excerpt=Excerpt(13.0, 10.0), lyrics=lrc)
    analysis = analyze(demo / "song.mp3", request)
    check_document(analysis)
    assert analysis.duration == pytest.approx(10.0)
    assert analysis.excerpt.start == pytest.approx(13.0)
    line = next(line for line in analysis.lyrics if line.text.startswith("So dance"))
    assert line.start == pytest.approx(0.33, abs=0.01)
    beat = 60 / 108
    off = [(time + 13.0 + beat / 2) % beat - beat / 2 for time in analysis.beats]
    assert abs(np.mean(off)) < 0.03


def test_the_same_song_is_always_heard_the_same(demo):
    first, second = (analyze(demo / "song.mp3") for _ in range(2))
    assert first.SerializeToString(deterministic=True) == second.SerializeToString(
        deterministic=True
    )


def test_the_picture_shows_any_title_and_script(song_file, tmp_path):
    lrc = "[00:01.00]$x_1^ 日本 {\\frac\n[00:02.00]ok".encode()
    path = song_file("song.wav", seconds=5.0, tags={})
    request = AnalysisRequest(lyrics=lrc, file_name="$a_b$ 歌.wav")
    draw(analyze(path, request), tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 20_000
