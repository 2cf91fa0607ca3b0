"""Decodes songs to samples: starts the decoder process and checks its report."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from songreel_kit.errors import (
    AudioTooLong,
    AudioTooShort,
    CorruptAudio,
    EmptyFile,
    InvalidRequest,
    NotAudio,
    SilentAudio,
    SongreelError,
    from_os_error,
)

from songreel_audio.spectrum import SAMPLE_RATE, Floats


@dataclass(frozen=True)
class DecodeLimits:
    """Limits of a song and of the process that decodes it."""

    max_seconds: float = 20 * 60.0
    """Longest song in seconds."""
    min_seconds: float = 1.0
    """Shortest song, and shortest excerpt, in seconds."""
    max_bytes: int = 512 * 1024 * 1024
    """Largest file."""
    wall_seconds: float = 90.0
    """The decoder is killed after this time."""
    cpu_seconds: int = 60
    memory_bytes: int = 2 * 1024**3
    """Address space of the decoder; libraries alone take several hundred MB of it."""


@dataclass(frozen=True)
class Excerpt:
    """Part of a song."""

    start: float = 0.0
    """Seconds from the beginning."""
    seconds: float = 0.0
    """Length; 0 is the rest of the song."""

    @property
    def end(self) -> float:
        """Seconds from the beginning; 0 is the song's end."""
        return self.start + self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Recording:
    """A decoded song or excerpt."""

    samples: Floats
    """(n,) mono at `SAMPLE_RATE`, mostly in [-1, 1]."""
    start: float
    """Where in the song it starts, in seconds."""
    tags: dict[str, str] = field(default_factory=dict[str, str])
    """Tags of the file, keys in lower case."""
    warnings: tuple[str, ...] = ()

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / SAMPLE_RATE


_SILENCE = 1e-4
"""Peak (-80 dB) under which a song counts as silent."""
_WHOLE_SHARE = 0.9
"""Share of the declared length under which a warning says what is missing."""
_POLL_SECONDS = 0.05
_STEREO_BYTES = 8
_PART_BYTES = 2**20 * _STEREO_BYTES


def decode(
    song: Path,
    excerpt: Excerpt | None = None,
    limits: DecodeLimits | None = None,
    check: Callable[[], None] = lambda: None,
) -> Recording:
    """Decodes `song`, or an excerpt of it, to mono at 22.05 kHz.

    Args:
        song: a local file of any common container and codec.
        excerpt: the part to keep.
        limits: of the song and of the decoder.
        check: called while waiting; raises to give up (the decoder is killed).

    Raises:
        EmptyFile, NotAudio, CorruptAudio, SilentAudio, AudioTooShort, AudioTooLong: as named.
        InvalidRequest: the excerpt lies outside the song.
        DiskFull: no room for the samples.
    """
    excerpt, limits = excerpt or Excerpt(), limits or DecodeLimits()
    _check_excerpt(excerpt, limits)
    size = song.stat().st_size
    if size == 0:
        raise EmptyFile("the song file is empty (0 bytes); give a file with sound in it")
    if size > limits.max_bytes:
        raise AudioTooLong(
            f"the song file has {size / 2**20:.0f} MiB, at most "
            f"{limits.max_bytes / 2**20:.0f} MiB are accepted; give a shorter or compressed one"
        )
    with tempfile.TemporaryDirectory(prefix="songreel-audio-") as folder:
        pcm = Path(folder) / "song.f32"
        report = _run(song, pcm, excerpt, limits, check)
        samples = _mono(pcm)
    return _checked(samples, report, excerpt, limits)


def _check_excerpt(excerpt: Excerpt, limits: DecodeLimits) -> None:
    numbers = (excerpt.start, excerpt.seconds)
    if not all(np.isfinite(number) and number >= 0 for number in numbers):
        raise InvalidRequest(
            f"the excerpt's start ({excerpt.start} s) and length ({excerpt.seconds} s) "
            "must be numbers of 0 or more"
        )
    if 0 < excerpt.seconds < limits.min_seconds:
        raise InvalidRequest(
            f"an excerpt of {excerpt.seconds:g} s is too short; ask for at least "
            f"{limits.min_seconds:g} s"
        )


def _run(
    song: Path, pcm: Path, excerpt: Excerpt, limits: DecodeLimits, check: Callable[[], None]
) -> dict[str, Any]:
    arguments = {
        "rate": SAMPLE_RATE, "start": excerpt.start, "end": excerpt.end,
        "most_seconds": limits.max_seconds, "cpu_seconds": limits.cpu_seconds,
        "memory_bytes": limits.memory_bytes,
    }  # fmt: skip
    # -P: a file "av.py" in the working folder must not be taken for the library.
    command = [sys.executable, "-P", "-m", "songreel_audio.decoding.process",
               str(song), str(pcm), json.dumps(arguments)]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # Into files: a full pipe would block the decoder.
    output, complaints = pcm.with_suffix(".json"), pcm.with_suffix(".err")
    with output.open("wb") as stdout, complaints.open("wb") as stderr:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, env=environment
        )
        # Nothing is written to stdin: when this process ends, so does stdin, and the decoder.
        try:
            _await(process, limits.wall_seconds, check)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()
    try:
        report = json.loads(output.read_bytes())
    except ValueError:
        # Killed by a limit or crashed: either way because of the file.
        raise CorruptAudio(
            "the decoder crashed or reached a limit: the file is damaged; "
            f"convert it to a fresh mp3 or wav (exit status {process.returncode})"
        ) from None
    if "refused" in report:
        raise _refusal(report, limits)
    return report


def _await(process: "subprocess.Popen[bytes]", seconds: float, check: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while True:
        check()
        try:
            process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                raise CorruptAudio(
                    f"the song could not be decoded within {seconds:.0f} s; it is damaged or "
                    "far too large, convert it to a fresh mp3 or wav"
                ) from None
        else:
            return


def _refusal(report: dict[str, Any], limits: DecodeLimits) -> SongreelError:
    message = report["message"]
    match report["refused"]:
        case "not_audio":
            return NotAudio(
                f"this is not a song: {message}; give an mp3, m4a, ogg, opus, flac or wav file"
            )
        case "too_long":
            return AudioTooLong(
                f"the song is too long: {message}, at most {limits.max_seconds:.0f} s are "
                "accepted; cut the file first"
            )
        case "os":
            known = from_os_error(OSError(report["errno"], message))
            return known or CorruptAudio(f"the song cannot be read: {message}")
        case _:
            return CorruptAudio(
                f"the song file is damaged: {message}; convert it to a fresh mp3 or wav"
            )


def _mono(pcm: Path) -> Floats:
    """The mean of both channels, or the left one where they cancel out."""
    # In parts: an hour of stereo is 630 MB that need not be in memory beside the song.
    count = pcm.stat().st_size // _STEREO_BYTES
    mono = np.empty(count, np.float32)
    energy = left_energy = 0.0
    for place, stereo in _parts(pcm):
        mean = 0.5 * (stereo[:, 0] + stereo[:, 1])
        mono[place : place + len(mean)] = mean
        energy += float(mean @ mean)
        left_energy += float(stereo[:, 0] @ stereo[:, 0])
    if energy < 1e-3 * left_energy:
        for place, stereo in _parts(pcm):
            mono[place : place + len(stereo)] = stereo[:, 0]
    return mono


def _parts(pcm: Path) -> Iterator[tuple[int, Floats]]:
    """Where each part begins, and its samples (n, 2)."""
    place = 0
    with pcm.open("rb") as file:
        while data := file.read(_PART_BYTES):
            stereo = np.frombuffer(data, "<f4").reshape(-1, 2)
            yield place, stereo
            place += len(stereo)


def _checked(
    samples: Floats, report: dict[str, Any], excerpt: Excerpt, limits: DecodeLimits
) -> Recording:
    decoded, declared = report["decoded_seconds"], report["declared_seconds"]
    damaged = report["bad_packets"] > 0 or declared >= limits.min_seconds
    if report["complete"] and decoded < limits.min_seconds:
        if damaged:
            raise CorruptAudio(
                f"only {decoded:.2f} s of the song could be decoded; the file is damaged, "
                "convert it to a fresh mp3 or wav"
            )
        raise AudioTooShort(
            f"the song lasts {decoded:.2f} s; at least {limits.min_seconds:g} s are needed"
        )
    if excerpt.start >= decoded or len(samples) < limits.min_seconds * SAMPLE_RATE:
        raise InvalidRequest(
            f"the excerpt starts at {excerpt.start:g} s, but the song ends at {decoded:.2f} s; "
            f"leave at least {limits.min_seconds:g} s"
        )
    peak = max(float(samples.max()), -float(samples.min()))
    if peak < _SILENCE:
        what = "this part of the song" if excerpt.start or excerpt.seconds else "the song"
        raise SilentAudio(f"{what} is silent; there is nothing to analyse")
    return Recording(samples, excerpt.start, report["tags"], tuple(_warnings(report, excerpt)))


def _warnings(report: dict[str, Any], excerpt: Excerpt) -> list[str]:
    warnings: list[str] = []
    decoded, declared = report["decoded_seconds"], report["declared_seconds"]
    expected = min(declared, excerpt.end) if excerpt.end else declared
    if report["complete"] and decoded < _WHOLE_SHARE * expected:
        warnings.append(
            f"the file says {declared:.1f} s, only {decoded:.1f} s could be decoded: it is cut "
            "off or damaged"
        )
    if report["bad_packets"]:
        warnings.append(
            f"{report['bad_packets']} damaged packets of the file were skipped; times after "
            "them may be off"
        )
    if report["complete"] and excerpt.end > decoded + 0.05:
        warnings.append(
            f"the excerpt was to end at {excerpt.end:g} s, but the song ends at {decoded:.2f} s"
        )
    return warnings
