"""Speech models come from a folder, a bucket or the hub; what cannot be had says what to do."""

import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
from minio import Minio
from songreel_audio.analysis import AnalysisRequest, analyze
from songreel_audio.lyrics import recognition, speech_models
from songreel_kit.errors import ModelMissing

pytest.importorskip("faster_whisper", reason="the extra songreel-audio[asr] is not installed")


def copy_without(model, folder, *lacking):
    folder.mkdir()
    for file in model.iterdir():
        if file.name not in lacking:
            shutil.copy(file, folder)
    return folder


@pytest.mark.parametrize("lack", ["model.bin", "tokenizer.json"])
def test_a_folder_that_is_not_whole_is_missing(speech_model, tmp_path, lack):
    folder = copy_without(speech_model, tmp_path / "model", lack)
    with pytest.raises(ModelMissing, match=lack):
        speech_models.find(str(folder))


def test_a_folder_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(ModelMissing, match="no such folder"):
        speech_models.find(str(tmp_path / "model"))


def test_a_damaged_model_is_missing(speech_model, tmp_path):
    folder = copy_without(speech_model, tmp_path / "model")
    (folder / "model.bin").write_bytes(b"no model")
    with pytest.raises(ModelMissing, match="cannot be used"):
        recognition.Recognizers().get(str(folder))


@contextmanager
def moto_server(log):
    command = Path(sys.executable).with_name("moto_server")
    if not command.exists():
        pytest.skip("moto is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [command, "-H", "127.0.0.1", "-p", str(port)], stdout=output, stderr=output
        )
    try:
        end = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with moto_server(tmp_path_factory.mktemp("moto") / "log") as address:
        yield address


@pytest.fixture
def s3(endpoint, tmp_path, monkeypatch):
    """The environment of somebody who keeps models in a bucket, and a client of the same."""
    for name, value in {
        "ENDPOINT": endpoint,
        "ACCESS_KEY": "songreel",
        "SECRET_KEY": "sesame-open",
        "SECURE": "false",
        "CACHE": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(f"SONGREEL_S3_{name}", value)
    return Minio(endpoint, access_key="songreel", secret_key="sesame-open", secure=False)


@pytest.fixture
def bucket(s3):
    name = f"models-{uuid.uuid4().hex[:12]}"
    s3.make_bucket(name)
    return name


def upload(s3, bucket, folder, prefix):
    for file in folder.iterdir():
        s3.fput_object(bucket, f"{prefix}{file.name}", str(file))


def test_a_song_is_heard_by_a_model_of_a_bucket(s3, bucket, speech_model, song_file):
    upload(s3, bucket, speech_model, "whisper/tiny/")
    s3.fput_object(bucket, "whisper/other.bin", str(speech_model / "config.json"))
    request = AnalysisRequest(asr=f"s3://{bucket}/whisper/tiny", extractor="rules")
    analysis = analyze(song_file("song.wav", seconds=20.0), request)
    # "none" is what the model's few words in a song come to where nobody is heard to sing.
    assert analysis.lyrics_source in ("asr", "none")
    found = speech_models.find(request.asr)
    assert (found / "model.bin").read_bytes() == (speech_model / "model.bin").read_bytes()
    assert not (found / "other.bin").exists()


def test_a_model_is_fetched_once_and_again_when_it_changes(s3, bucket, speech_model, tmp_path):
    upload(s3, bucket, speech_model, "")
    first = speech_models.find(f"s3://{bucket}")
    stamp = (first / "model.bin").stat().st_mtime_ns
    assert speech_models.find(f"s3://{bucket}/") == first
    assert (first / "model.bin").stat().st_mtime_ns == stamp
    changed = tmp_path / "config.json"
    changed.write_bytes((speech_model / "config.json").read_bytes() + b" ")
    s3.fput_object(bucket, "config.json", str(changed))
    again = speech_models.find(f"s3://{bucket}")
    assert again != first
    assert (again / "config.json").read_bytes() == changed.read_bytes()


def test_a_bucket_without_the_whole_model_says_what_is_not_in_it(s3, bucket, speech_model):
    s3.fput_object(bucket, "half/config.json", str(speech_model / "config.json"))
    with pytest.raises(ModelMissing, match=r"model\.bin, tokenizer\.json, vocabulary\.json is not"):
        speech_models.find(f"s3://{bucket}/half")


def test_a_bucket_that_is_not_there_is_missing(s3):
    with pytest.raises(ModelMissing, match="the bucket did not give it"):
        speech_models.find("s3://no-such-bucket-here/model")


def test_an_endpoint_that_is_not_there_is_missing(monkeypatch, tmp_path):
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SONGREEL_S3_ENDPOINT", f"127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("SONGREEL_S3_SECURE", "false")
        monkeypatch.setenv("SONGREEL_S3_CACHE", str(tmp_path))
        with pytest.raises(ModelMissing, match="the bucket did not give it"):
            speech_models.find("s3://models/whisper")
    assert list(tmp_path.rglob("*.bin")) == []


FIND = """
import sys
from songreel_audio.lyrics import speech_models
from songreel_kit.errors import ModelMissing
try:
    print(speech_models.find(sys.argv[1]))
except ModelMissing as error:
    print("missing:", error.message)
"""


def found_in_a_fresh_process(name, home, **environment):
    """What `find` says, or finds; the hub's client reads its settings once, at its import."""
    known = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", FIND, name],
        env=known | {"HF_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    return done.stdout.strip()


def test_without_a_network_the_hub_is_not_waited_for(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        hub = f"http://127.0.0.1:{taken.getsockname()[1]}"
        said = found_in_a_fresh_process("Systran/faster-whisper-tiny", tmp_path, HF_ENDPOINT=hub)
    assert said.startswith("missing:")
    assert f"the hub {hub} cannot be reached" in said
    assert "hf download Systran/faster-whisper-tiny --local-dir" in said
    assert "s3://" in said


def test_offline_mode_is_named_as_the_cause(tmp_path):
    said = found_in_a_fresh_process("small", tmp_path, HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE" in said
    assert "hf download Systran/faster-whisper-small --local-dir" in said


def test_a_model_that_was_fetched_before_is_found_offline(speech_model, tmp_path):
    repository = tmp_path / "hub" / "models--me--tiny"
    revision = "0123456789abcdef0123456789abcdef01234567"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(revision)
    (repository / "snapshots").mkdir()
    folder = copy_without(speech_model, repository / "snapshots" / revision)
    assert found_in_a_fresh_process("me/tiny", tmp_path, HF_HUB_OFFLINE="1") == str(folder)


def test_a_size_that_whisper_does_not_have_is_missing():
    with pytest.raises(ModelMissing, match="no-such-size"):
        speech_models.find("no-such-size")
