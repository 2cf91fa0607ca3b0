"""The service over a real gRPC server."""

import asyncio
import contextlib

import numpy as np
import psutil
import pytest
from songreel.audio.v1 import audio_service_pb2 as pb
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.audio.v1.audio_service_pb2_grpc import AudioServiceStub
from songreel.type.v1.artifact_pb2 import Artifact
from songreel_audio.service import create_service
from songreel_audio.settings import AudioSettings
from songreel_kit import errors
from songreel_kit.artifacts.documents import load_document
from songreel_testing.serving import collect, expect_error, serving, temporary_store, wait_until


@pytest.fixture
def store(tmp_path):
    return temporary_store(tmp_path)


@pytest.fixture
async def stub(store):
    async with serving(create_service(AudioSettings(max_seconds=60), store)) as channel:
        yield AudioServiceStub(channel)


@pytest.fixture
def song(store, demo):
    return store.put_file(demo / "song.mp3", "audio/mpeg")


async def test_a_song_is_heard_with_progress_and_one_result(stub, store, song, demo):
    lyrics = store.put_file(demo / "song.lrc", "text/plain")
    request = pb.AnalyzeRequest(song=song, lyrics=lyrics, file_name="song.mp3")
    messages = await collect(stub.Analyze(request))
    fractions = [m.progress.fraction for m in messages if m.HasField("progress")]
    assert fractions == sorted(fractions)
    assert [m.WhichOneof("event") for m in messages].count("result") == 1
    result = messages[-1].result
    assert not result.reused
    assert not result.HasField("plot")
    analysis = load_document(store, result.analysis, SongAnalysis)
    assert analysis.tempo_bpm == pytest.approx(108, rel=0.01)
    assert analysis.song_sha256 == song.sha256
    assert len(analysis.lyrics) == 10


async def test_the_same_request_is_answered_from_the_store(stub, song):
    request = pb.AnalyzeRequest(song=song)
    first = (await collect(stub.Analyze(request)))[-1].result
    again = (await collect(stub.Analyze(request)))[-1].result
    assert again.reused
    assert again.analysis == first.analysis
    request.options.tempo_octave = "half"
    other = (await collect(stub.Analyze(request)))[-1].result
    assert not other.reused
    assert other.analysis != first.analysis


async def test_a_picture_is_drawn_when_asked_for(stub, store, song):
    options = pb.AnalyzeOptions(plot=True, start=5, seconds=10)
    result = (await collect(stub.Analyze(pb.AnalyzeRequest(song=song, options=options))))[-1].result
    assert result.plot.media_type == "image/png"
    assert store.read_bytes(result.plot).startswith(b"\x89PNG")
    analysis = load_document(store, result.analysis, SongAnalysis)
    assert analysis.duration == pytest.approx(10)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (pb.AnalyzeOptions(extractor="magic"), errors.UnknownExtractor, "rules"),
        (pb.AnalyzeOptions(asr="./no-such-model"), errors.ModelMissing, "lrc"),
        (pb.AnalyzeOptions(tempo_octave="third"), errors.InvalidRequest, "half"),
        (pb.AnalyzeOptions(tempo_bpm=5), errors.InvalidRequest, "30 to 300"),
        (pb.AnalyzeOptions(start=500), errors.InvalidRequest, "the song ends"),
        (pb.AnalyzeOptions(start=-1), errors.InvalidRequest, "0 or more"),
    ],
)
async def test_options_that_cannot_be_met_are_refused(stub, song, options, error, words):
    with expect_error(error) as caught:
        await collect(stub.Analyze(pb.AnalyzeRequest(song=song, options=options)))
    assert words in caught.message


async def test_asking_for_no_speech_model_is_fine(stub, song):
    options = pb.AnalyzeOptions(asr="none", extractor="rules", seconds=5)
    messages = await collect(stub.Analyze(pb.AnalyzeRequest(song=song, options=options)))
    assert messages[-1].HasField("result")


async def test_bad_songs_are_typed_errors(stub, store, song_file):
    silent = song_file("silent.wav", samples=np.zeros((1, 88_200)))
    short = song_file("short.wav", seconds=0.3)
    long = song_file("long.wav", seconds=61.0, rate=22_050)
    bad = {
        errors.EmptyFile: store.put_bytes(b"", "audio/mpeg"),
        errors.NotAudio: store.put_bytes(b"words " * 1000, "audio/mpeg"),
        errors.SilentAudio: store.put_file(silent, "audio/wav"),
        errors.AudioTooShort: store.put_file(short, "audio/wav"),
        errors.AudioTooLong: store.put_file(long, "audio/wav"),
    }
    for error, artifact in bad.items():
        with expect_error(error):
            await collect(stub.Analyze(pb.AnalyzeRequest(song=artifact)))


async def test_broken_lyrics_are_a_typed_error(stub, store, song):
    lyrics = store.put_bytes(b"[00:01.00]one\n[oops]two three\nfour", "text/plain")
    with expect_error(errors.BrokenLyrics) as caught:
        await collect(stub.Analyze(pb.AnalyzeRequest(song=song, lyrics=lyrics)))
    assert "line 2" in caught.message


async def test_a_request_without_a_song_or_with_an_unknown_one_is_refused(stub):
    with expect_error(errors.InvalidRequest):
        await collect(stub.Analyze(pb.AnalyzeRequest()))
    missing = Artifact(uri="cas://" + "0" * 64, sha256="0" * 64, size=5)
    with expect_error(errors.ArtifactNotFound):
        await collect(stub.Analyze(pb.AnalyzeRequest(song=missing)))


async def test_a_caller_that_leaves_stops_the_work(stub, store, song_file):
    path = store.put_file(song_file("long.flac", seconds=50), "audio/flac")
    call = stub.Analyze(pb.AnalyzeRequest(song=path))

    def decoders():
        found = psutil.Process().children()
        # A process that has ended but was not waited for has no command line any more.
        running = [p for p in found if p.status() != psutil.STATUS_ZOMBIE]
        with contextlib.suppress(psutil.NoSuchProcess):
            return [p for p in running if "songreel_audio.decoding.process" in p.cmdline()]
        return []

    reading = call.read()
    await wait_until(decoders)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await wait_until(lambda: not decoders())
