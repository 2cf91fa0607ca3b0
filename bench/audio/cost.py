"""Time and memory of an analysis, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from songreel_audio.decoding import decoding

from bench.audio.rows import Row, at_most
from bench.data import ROOT

RATE = 44_100
BLOCK = 1152 * 64

_MEASURE = """
import json, resource, sys, time
from pathlib import Path
{prepare}
seconds = []
for _ in range(int(sys.argv[2])):
    start = time.monotonic()
    {work}
    seconds.append(time.monotonic() - start)
peak = [resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([seconds, peak]))
"""
SONGREEL = _MEASURE.format(
    prepare="""
from songreel_audio.analysis import analyze
from songreel_audio.decoding import decoding
limits = decoding.DecodeLimits(max_seconds=4000, wall_seconds=900, cpu_seconds=900)""",
    work="analyze(Path(sys.argv[1]), limits=limits)",
)
LIBROSA = _MEASURE.format(
    prepare="""
import librosa
def work():
    samples, rate = librosa.load(sys.argv[1])
    librosa.beat.beat_track(y=samples, sr=rate)
    librosa.feature.chroma_stft(y=samples, sr=rate)
    librosa.feature.mfcc(y=samples, sr=rate)
    librosa.onset.onset_strength_multi(y=samples, sr=rate, channels=[0, 16, 64, 128])""",
    work="work()",
)


def measured() -> Iterator[Row]:
    """Rows of a 3-minute and a 60-minute mp3, made of the demo song again and again."""
    with tempfile.TemporaryDirectory(prefix="songreel-bench-") as folder:
        short, long = Path(folder) / "3min.mp3", Path(folder) / "60min.mp3"
        _repeat(short, 180.0)
        times, _ = _run(SONGREEL, short, 2)
        other_times, _ = _run(LIBROSA, short, 2)
        # Memory of one song: a decoder forked by a process that has heard one before is
        # charged, until it runs its own program, with all that this process holds.
        _, peaks = _run(SONGREEL, short, 1)
        _, other_peaks = _run(LIBROSA, short, 1)
        yield at_most("3-min mp3, no ASR: warm", 12.0, times[1], "s", other_times[1])
        yield at_most(
            "3-min mp3: peak memory, decoder included", 600.0, sum(peaks), "MB", sum(other_peaks)
        )
        _repeat(long, 3600.0)
        times, peaks = _run(SONGREEL, long, 1)
        yield Row(
            "60-min mp3: time, peak memory (decoder's)",
            "bounded",
            f"{times[0]:.0f} s, {peaks[0]:.0f} MB ({peaks[1]:.0f} MB)",
        )


def _run(script: str, song: Path, times: int) -> tuple[list[float], list[float]]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(song), str(times)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=7200,
    )
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def _repeat(path: Path, seconds: float) -> None:
    """Encodes the demo song over and over as an mp3 of this length."""
    samples = decoding.decode(ROOT / "demo" / "song.mp3").samples
    place, end = 0, round(seconds * RATE)
    # Played twice as fast is an octave higher, and as good a song for a clock.
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        while place < end:
            size = min(BLOCK, end - place)
            part = np.take(samples, np.arange(place, place + size), mode="wrap")
            frame = av.AudioFrame.from_ndarray(part[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, place, Fraction(1, RATE)
            container.mux(stream.encode(frame))
            place += size
        container.mux(stream.encode(None))
