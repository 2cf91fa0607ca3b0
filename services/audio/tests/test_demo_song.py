"""The demo song is what its script composes, and it is heard as it was composed."""

import importlib

import numpy as np
import pytest
from songreel_audio.analysis import AnalysisRequest, analyze
from songreel_audio.decoding.decoding import decode
from songreel_audio.lyrics import files
from songreel_audio.spectrum import SAMPLE_RATE


@pytest.fixture(scope="module")
def compose(demo):
    return importlib.import_module("compose")


@pytest.fixture(scope="module")
def heard(demo):
    request = AnalysisRequest(lyrics=(demo / "song.lrc").read_bytes(), file_name="song.mp3")
    return analyze(demo / "song.mp3", request)


@pytest.fixture(scope="module")
def composed(compose):
    return compose.samples()


@pytest.mark.slow
def test_the_files_are_what_the_script_writes(compose, composed, demo, tmp_path):
    assert np.abs(composed).max() < 1.0
    assert composed.shape == (2, round(compose.SECONDS * compose.SAMPLE_RATE))
    compose.encode(composed, tmp_path / "song.mp3")
    fresh, committed = decode(tmp_path / "song.mp3").samples, decode(demo / "song.mp3").samples
    assert len(fresh) == len(committed)
    # Not byte for byte: another machine's sine may differ in its last bit.
    assert np.corrcoef(fresh, committed)[0, 1] > 0.999
    assert (demo / "song.lrc").read_text(encoding="utf-8") == compose.lyrics()


def test_it_is_a_song_of_half_a_minute_in_less_than_a_megabyte(compose, demo):
    assert (demo / "song.mp3").stat().st_size < 1_000_000
    assert 25 <= compose.SECONDS <= 40


def test_it_has_a_quiet_and_a_loud_part(compose, demo):
    samples = decode(demo / "song.mp3").samples
    length = compose.BAR * SAMPLE_RATE

    def level(bars):
        parts = [samples[int(bar * length) : int((bar + 1) * length)] for bar in bars]
        return 10 * np.log10(np.mean(np.concatenate(parts) ** 2))

    assert level(compose.CHORUS) > level(compose.QUIET_BARS) + 3


def test_its_beats_are_heard(compose, heard, beat_score):
    assert heard.tempo_bpm == pytest.approx(compose.BPM, rel=0.005)
    assert heard.metre == 4
    assert beat_score(compose.beat_times(), heard.beats) >= 0.97
    assert beat_score(compose.beat_times()[::4], heard.downbeats) >= 0.95
    off = [min(heard.beats, key=lambda beat: abs(beat - true)) - true
           for true in compose.beat_times()]  # fmt: skip
    assert abs(np.mean(off)) < 0.02  # half a frame of film


def test_its_lines_begin_with_its_bars(compose, demo):
    lyrics = files.read((demo / "song.lrc").read_bytes())
    assert len(lyrics.lines) == len(compose.LINES)
    for line in lyrics.lines:
        bar = line.start / compose.BAR
        assert abs(bar - round(bar)) * compose.BAR < 0.01


def test_its_chorus_is_a_section(compose, heard):
    starts = [section.start for section in heard.sections]
    assert min(abs(start - compose.CHORUS.start * compose.BAR) for start in starts) < 0.1
    chorus = [s for s in heard.sections if s.start <= 15 < s.end]
    assert chorus[0].energy == pytest.approx(1.0)


def test_it_becomes_more_excited_in_the_chorus(compose, heard):
    curve = {point.time: point.arousal for point in heard.emotion.curve}
    assert curve[18] > curve[6] + 0.2


def test_its_names_are_read(heard):
    assert (heard.title, heard.artist, heard.language) == ("Paper Boat", "songreel", "en")
    assert heard.lyrics_source == "lrc"
    # Of its own lyrics, tempo and file there is nothing to say.
    assert [note for note in heard.warnings if "research only" not in note] == []
