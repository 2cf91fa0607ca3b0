"""The decoder's process never outlives the one that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

PARENT = """
import sys
from pathlib import Path
from songreel_audio.decoding.decoding import DecodeLimits, Excerpt, _run
_run(Path(sys.argv[1]), Path(sys.argv[2]), Excerpt(), DecodeLimits(), lambda: None)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        os.sched_yield()
    return found


def decoder_of(parent):
    for child in psutil.Process(parent.pid).children():
        try:
            if "songreel_audio.decoding.process" in child.cmdline():
                return child
        except psutil.NoSuchProcess:
            continue
    return None


def reads(process, path):
    folder = Path(f"/proc/{process.pid}/fd")
    for open_file in folder.iterdir():
        try:
            if open_file.samefile(path):
                return True
        except OSError:  # closed meanwhile, or no file at all
            continue
    return False


def is_gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def endless_song(tmp_path):
    """A song whose decoder waits for ever: a pipe that brings its first bytes and no more."""
    path = tmp_path / "song.mp3"
    os.mkfifo(path)
    # Open for reading as well, or opening would wait for a reader.
    held = os.open(path, os.O_RDWR)
    os.write(held, b"ID3")
    yield path
    os.close(held)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_the_decoder_dies_with_its_parent(endless_song, tmp_path, sent):
    command = [sys.executable, "-c", PARENT, str(endless_song), str(tmp_path / "song.f32")]
    parent = subprocess.Popen(command)
    try:
        decoder = wait_for(lambda: decoder_of(parent))
        # It reads the song already: without its parent it would wait on for ever.
        wait_for(lambda: reads(decoder, endless_song))
    finally:
        parent.send_signal(sent)
        parent.wait(30)
    wait_for(lambda: is_gone(decoder))
