"""Recognition of words, with a real model of faster-whisper that is made here."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from songreel_audio import hearing, speech, speech_models
from songreel_audio.lyrics import Span
from songreel_kit.errors import InvalidRequest, ModelMissing

pytest.importorskip("faster_whisper", reason="the extra songreel-audio[asr] is not installed")

SECONDS = 40


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path = Path(__file__).with_name("tiny_whisper.py")
    spec = importlib.util.spec_from_file_location("tiny_whisper", path)
    tiny_whisper = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tiny_whisper)
    return tiny_whisper.build(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="module")
def sound():
    noise = np.random.default_rng(0).standard_normal(SECONDS * 22_050)
    return (0.1 * noise).astype(np.float32)


def test_words_come_with_their_times(model, sound):
    recognizer = speech.Recognizers().get(str(model))
    found = speech.recognise(recognizer, sound, (Span(0, SECONDS),))
    assert found.source == "asr"
    assert found.language == "en"
    assert found.lines[0].text == "Moon sings with love"
    assert [word.text for word in found.lines[0].words] == ["Moon", "sings", "with", "love"]
    for line in found.lines:
        assert 0 <= line.start <= line.end <= SECONDS


def test_words_where_nobody_sings_make_an_instrumental(model, sound):
    found = speech.recognise(speech.Recognizers().get(str(model)), sound, ())
    assert found.source == "none"
    assert "instrumental" in found.warnings[0]


def test_a_model_is_loaded_once(model):
    recognizers = speech.Recognizers()
    assert recognizers.get(str(model)) is recognizers.get(str(model))


def test_a_language_the_model_does_not_know_is_refused(model, sound):
    with pytest.raises(InvalidRequest, match="tlh"):
        speech.Recognizers().get(str(model)).segments(sound, "tlh")


def test_giving_up_stops_the_work(model, sound):
    class Enough(Exception):
        pass

    def check():
        raise Enough

    with pytest.raises(Enough):
        speech.Recognizers().get(str(model)).segments(sound, check=check)


def test_a_song_is_heard_with_its_words(model, song_file):
    song = song_file("song.wav", seconds=20.0)
    request = hearing.Request(asr=str(model), extractor="rules")
    analysis = hearing.hear(song, request).analysis
    assert analysis.lyrics_source in ("asr", "none")
    timed = hearing.Request(asr=str(model), extractor="rules", lyrics=b"[00:01.00]mine")
    assert hearing.hear(song, timed).analysis.lyrics_source == "lrc"


@pytest.mark.parametrize("lack", ["model.bin", "tokenizer.json", "everything"])
def test_a_model_that_is_not_whole_is_missing(model, tmp_path, lack):
    folder = tmp_path / "model"
    if lack != "everything":
        folder.mkdir()
        for file in model.iterdir():
            if file.name != lack:
                (folder / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ModelMissing, match=lack if lack != "everything" else "no such folder"):
        speech_models.find(str(folder))


def test_a_damaged_model_is_missing(model, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    for file in model.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "model.bin").write_bytes(b"no model")
    with pytest.raises(ModelMissing, match="cannot be used"):
        speech.Recognizers().get(str(folder))


def test_a_name_that_the_hub_does_not_know_is_missing():
    with pytest.raises(ModelMissing, match="no-such-size"):
        speech_models.find("no-such-size")
