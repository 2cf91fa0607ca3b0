"""Recognition of words, with a real model of faster-whisper that is made here."""

import numpy as np
import pytest
from songreel_audio.analysis import AnalysisRequest, analyze
from songreel_audio.lyrics import recognition
from songreel_audio.lyrics.lyrics import Span
from songreel_kit.errors import InvalidRequest

pytest.importorskip("faster_whisper", reason="the extra songreel-audio[asr] is not installed")

SECONDS = 40


@pytest.fixture(scope="module")
def sound():
    noise = np.random.default_rng(0).standard_normal(SECONDS * 22_050)
    return (0.1 * noise).astype(np.float32)


def test_words_come_with_their_times(speech_model, sound):
    recognizer = recognition.Recognizers().get(str(speech_model))
    found = recognition.recognise(recognizer, sound, (Span(0, SECONDS),))
    assert found.source == "asr"
    assert found.language == "en"
    assert found.lines[0].text == "Moon sings with love"
    assert [word.text for word in found.lines[0].words] == ["Moon", "sings", "with", "love"]
    for line in found.lines:
        assert 0 <= line.start <= line.end <= SECONDS


def test_words_where_nobody_sings_make_an_instrumental(speech_model, sound):
    found = recognition.recognise(recognition.Recognizers().get(str(speech_model)), sound, ())
    assert found.source == "none"
    assert "instrumental" in found.warnings[0]


def test_a_model_is_loaded_once(speech_model):
    recognizers = recognition.Recognizers()
    assert recognizers.get(str(speech_model)) is recognizers.get(str(speech_model))


def test_a_language_the_model_does_not_know_is_refused(speech_model, sound):
    with pytest.raises(InvalidRequest, match="tlh"):
        recognition.Recognizers().get(str(speech_model)).segments(sound, "tlh")


def test_giving_up_stops_the_work(speech_model, sound):
    class Enough(Exception):
        pass

    def check():
        raise Enough

    with pytest.raises(Enough):
        recognition.Recognizers().get(str(speech_model)).segments(sound, check=check)


def test_a_song_is_heard_with_its_words(speech_model, song_file):
    song = song_file("song.wav", seconds=20.0)
    request = AnalysisRequest(asr=str(speech_model), extractor="rules")
    analysis = analyze(song, request)
    assert analysis.lyrics_source in ("asr", "none")
    timed = AnalysisRequest(asr=str(speech_model), extractor="rules", lyrics=b"[00:01.00]mine")
    assert analyze(song, timed).lyrics_source == "lrc"
