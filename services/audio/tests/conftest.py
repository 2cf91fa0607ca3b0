"""Real sound files and synthetic music for the tests of the audio service."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
RATE = 22_050

CODECS = {
    "wav": ("wav", "pcm_s16le", "s16"),
    "mp3": ("mp3", "libmp3lame", "fltp"),
    "ogg": ("ogg", "vorbis", "fltp"),
    "opus": ("ogg", "libopus", "flt"),
    "flac": ("flac", "flac", "s16"),
    "m4a": ("mp4", "aac", "fltp"),
}


def encode(path, samples, rate=44_100, tags=None):
    """Writes `samples` (channels, n) in [-1, 1] as the suffix of `path` says."""
    container_format, codec, sample_format = CODECS[path.suffix[1:]]
    layout = {1: "mono", 2: "stereo"}[len(samples)]
    with av.open(str(path), "w", format=container_format) as container:
        container.metadata.update(tags or {})
        stream = container.add_stream(codec, rate=rate, layout=layout)
        stream.format = sample_format
        stream.options = {"strict": "experimental"}  # FFmpeg's own Vorbis encoder is called so
        resampler = av.AudioResampler(format=sample_format, layout=layout, rate=rate)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples, np.float32), format="fltp", layout=layout
        )
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        graph = av.AudioFifo()
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            part.pts = None
            graph.write(part)
        size = stream.codec_context.frame_size or 4096
        while (block := graph.read(size)) or (block := graph.read(size, partial=True)):
            container.mux(stream.encode(block))
        container.mux(stream.encode(None))
    return path


def tune(seconds, rate=44_100, loudness=0.4):
    """A stereo arpeggio with beats, (2, n)."""
    time = np.arange(round(seconds * rate)) / rate
    pitch = 220 * 2 ** (np.array([0, 4, 7, 12])[(time * 2).astype(int) % 4] / 12)
    tone = np.sin(2 * np.pi * pitch * time) * np.exp(-6 * (time % 0.5))
    return np.stack([tone, 0.8 * tone]) * loudness


@pytest.fixture
def song_file(tmp_path) -> Callable[..., Path]:
    """Makes a song file: `song_file("x.mp3", seconds=3)`."""

    def make(name="song.wav", seconds=3.0, samples=None, rate=44_100, tags=None):
        sound = tune(seconds, rate) if samples is None else samples
        return encode(tmp_path / name, sound, rate, tags)

    return make


class Band:
    """Clicks and drums at 22.05 kHz whose beats are known."""

    def __init__(self) -> None:
        noise = np.random.default_rng(7)
        time = np.arange(int(0.3 * RATE)) / RATE
        sweep = 48 * time + 102 / 28 * (1 - np.exp(-28 * time))
        self.kick = np.sin(2 * np.pi * sweep) * np.exp(-9 * time)
        rattle = noise.standard_normal(len(time)) * np.exp(-17 * time)
        self.snare = 0.4 * rattle + 0.5 * np.sin(2 * np.pi * 190 * time) * np.exp(-26 * time)
        hiss = np.diff(noise.standard_normal(len(time) + 1))
        self.hat = 0.15 * hiss * np.exp(-60 * time)
        self.click = np.sin(2 * np.pi * 1500 * time) * np.exp(-80 * time)
        self.floor = noise

    def beat_times(self, first, last, seconds):
        """Beats of a tempo that goes from `first` to `last` bpm."""
        times = [0.25]
        while times[-1] < seconds - 0.6:
            bpm = first + (last - first) * times[-1] / seconds
            times.append(times[-1] + 60 / bpm)
        return np.array(times)

    def play(self, beats, seconds, kind):
        """Samples (n,) of one of the kinds.

        "clicks"; "drums": kick and snare in turn, hats on the beats; "eighths": hats between
        too; "strong snare": the same with a snare that drowns the kick; "four": the kick on
        every beat.
        """
        sound = 1e-4 * self.floor.standard_normal(int(seconds * RATE) + RATE)

        def put(part, at, gain=1.0):
            start = round(at * RATE)
            sound[start : start + len(part)] += gain * part

        for index, beat in enumerate(beats):
            if kind == "clicks":
                put(self.click, beat)
                continue
            strong = kind == "strong snare"
            if index % 2 == 0 or kind == "four":
                put(self.kick, beat, 0.5 if strong else 1.0)
            if index % 2 == 1:
                put(self.snare, beat, 3.0 if strong else 1.0)
            put(self.hat, beat)
            if kind != "drums" and index + 1 < len(beats):
                put(self.hat, (beat + beats[index + 1]) / 2)
        return sound[: int(seconds * RATE)].astype(np.float32)


@pytest.fixture(scope="session")
def band() -> Band:
    return Band()


@pytest.fixture(scope="session")
def demo() -> Path:
    """The folder of the demo song."""
    return ROOT / "demo"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of test data beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("the test data (../shared/data beside the repository) is not here")
    return SHARED


@pytest.fixture(scope="session")
def beat_score() -> Callable[..., float]:
    """F-measure of found beats against true ones, within 70 ms."""

    def score(truth, found):
        hits = 0
        free = list(found)
        for beat in truth:
            near = [other for other in free if abs(other - beat) <= 0.07]
            if near:
                hits += 1
                free.remove(min(near, key=lambda other: abs(other - beat)))
        return 2 * hits / max(len(truth) + len(found), 1)

    return score


@pytest.fixture(scope="session")
def speech_model(tmp_path_factory) -> Path:
    """A folder with a whole model of faster-whisper, made here."""
    pytest.importorskip("faster_whisper", reason="the extra songreel-audio[asr] is not installed")
    from songreel_testing import tiny_whisper

    return tiny_whisper.build(tmp_path_factory.mktemp("whisper"))
