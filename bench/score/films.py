"""`songreel score` on real clips: length, loudness, onsets at cuts, time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import librosa
import numpy as np
import pyloudnorm
import soundfile
from scipy.signal import resample_poly

from bench import data
from bench.tables import Table

WINDOW = 0.05
"""s from a cut within which an onset counts."""
DRAWS = 200
SUFFIXES = (".mp4", ".webm")
COSTS = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
"""
"""Runs a command from a small process: Linux counts the memory of the process that starts
another in the peak of the one that is started, and this one holds whole sounds."""


def films_table(folder: Path) -> Table:
    """A row for each clip; onsets are librosa's, loudness is pyloudnorm's."""
    table = Table(
        "Films",
        ("clip", "samples off", "LUFS", "dBTP", "cuts kept", "heard", "random", "shuffled",
         "CPU / length", "peak"),
        "`songreel score CLIP --keep-sound none`, one thread. Heard: kept cuts with an onset in "
        f"the sound within {WINDOW * 1000:g} ms; beside it as many moments at random and the same "
        f"shots in another order, {DRAWS} draws. Targets: 0; -14 +- .5; <= -1; heard >= .90 where "
        "random <= .25; CPU <= .3; peak < 1.2 GB.",
    )  # fmt: skip
    videos = data.folder() / "video"
    clips = sorted(p for p in videos.glob("*") if p.suffix in SUFFIXES) if videos.exists() else []
    if not clips:
        table.add("no clips on this machine", *["-"] * 9)
    totals = np.zeros(4)
    for clip in clips:
        wav, report, processor, peak = _scored(clip, folder / clip.stem)
        sound, rate = soundfile.read(wav)
        cuts = np.array([hit["time"] for hit in report["hits"]])
        shares = _heard(sound.mean(1), rate, cuts, len(sound) / rate)
        totals += np.array([len(cuts), *(share * len(cuts) for share in shares)])
        table.add(
            clip.name,
            abs(len(sound) - round(_seconds(clip) * rate)),
            f"{pyloudnorm.Meter(rate).integrated_loudness(sound):.2f}",
            f"{20 * np.log10(np.abs(resample_poly(sound, 4, 1, axis=0)).max()):.2f}",
            f"{len(cuts)} of {len(cuts) + len(report['skipped'])}",
            *(f"{share:.2f}" if len(cuts) else "-" for share in shares),
            f"{processor / (len(sound) / rate):.2f}",
            f"{peak / 1e9:.2f} GB",
        )
    if totals[0]:
        shares_of_all = (f"{value / totals[0]:.2f}" for value in totals[1:])
        table.add("all", "", "", "", int(totals[0]), *shares_of_all, "", "")
    return table


def _scored(clip: Path, folder: Path) -> tuple[Path, dict[str, Any], float, int]:
    """WAV and report of a clip's soundtrack, processor time in s, peak memory in bytes."""
    folder.mkdir()
    command = [
        sys.executable, "-m", "songreel_app", "score", str(clip), "-o",
        str(folder / f"a{clip.suffix}"), "--wav", str(folder / "a.wav"), "--keep-sound", "none",
    ]  # fmt: skip
    measured = subprocess.run(
        [sys.executable, "-c", COSTS, *command],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    processor, peak = measured.stdout.split()
    report = json.loads((folder / "a.score.json").read_text())
    return folder / "a.wav", report, float(processor), int(peak)


def _seconds(clip: Path) -> float:
    """To the end of the last picture, from the packets and not from songreel's own reader."""
    with av.open(str(clip)) as video:
        stream = video.streams.video[0]
        times = [(p.pts, p.duration or 0) for p in video.demux(stream) if p.pts is not None]
        first, (last, length) = min(times)[0], max(times)
        step = length or round(1 / (Fraction(stream.average_rate or 25) * stream.time_base))
        return float((last + step - first) * stream.time_base)


def _heard(
    sound: np.ndarray, rate: int, cuts: np.ndarray, seconds: float
) -> tuple[float, float, float]:
    """Shares of cuts, random moments and shuffled cuts with an onset nearby."""
    if not len(cuts):
        return 0.0, 0.0, 0.0
    low = librosa.resample(sound, orig_sr=rate, target_sr=22_050)
    onsets = librosa.onset.onset_detect(y=low, sr=22_050, hop_length=256, units="time")

    def share(times: np.ndarray) -> float:
        if not len(onsets):
            return 0.0
        return float((np.abs(times[:, None] - onsets).min(1) <= WINDOW).mean())

    rng = np.random.default_rng(1)
    shots = np.diff([0.0, *cuts, seconds])
    anywhere = [share(rng.uniform(0.0, seconds, len(cuts))) for _ in range(DRAWS)]
    shuffled = [share(np.cumsum(rng.permutation(shots))[:-1]) for _ in range(DRAWS)]
    return share(cuts), float(np.mean(anywhere)), float(np.mean(shuffled))
