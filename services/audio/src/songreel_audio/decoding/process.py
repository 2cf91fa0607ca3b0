"""Decoder of songs, a program with a process of its own.

    python -m songreel_audio.decoding.process SONG PCM LIMITS

Decoders of damaged files crash, hang and eat memory; this process may be killed. It writes
stereo float32 at `rate` Hz to PCM and one JSON report to stdout. It imports only PyAV and
numpy, so that it starts fast. `decoding` starts it and reads the report. It ends with its parent,
which holds the other end of stdin.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from av.logging import PANIC, set_level
from numpy.typing import NDArray

from songreel_audio.decoding import synced_tags

CONTAINERS = (
    "mp3", "aac", "flac", "ogg", "wav", "w64", "aiff", "mov", "mp4", "m4a", "matroska", "webm",
)  # fmt: skip
CODECS = (
    "mp3", "mp3float", "mp2", "mp2float", "aac", "alac", "flac", "vorbis", "libvorbis", "opus",
    "libopus",
)  # fmt: skip
"""And every codec whose name begins with "pcm_"."""

MAX_CHANNELS = 16
SAMPLE_RATES = range(4_000, 384_001)
MAX_BAD_PACKETS = 5_000
MAX_GAP_SECONDS = 10.0
"""A hole in the time stamps up to this long is silence; a longer one is a broken stamp."""
_SMALLEST_GAP_SECONDS = 0.05
_MAX_TAG_CHARACTERS = 200_000


class Refused(Exception):  # noqa: N818 - it is an answer, told to the parent by its kind
    """The song cannot be decoded; `kind` is for the parent."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Writer:
    """Writes resampled frames on the song's own time line, from `start` to `end` seconds."""

    def __init__(self, file: BinaryIO, rate: int, start: float, end: float, most: float) -> None:
        self._file = file
        self._rate = rate
        self._start = round(start * rate)
        self._end = round(end * rate) if np.isfinite(end) else sys.maxsize
        self._most = round(most * rate)
        self._resampler: AudioResampler | None = None
        self._format: tuple[str, int, str] | None = None
        self._first: float | None = None
        self.decoded = 0
        self.written = 0

    @property
    def full(self) -> bool:
        """Whether the whole excerpt has been written."""
        return self.decoded >= self._end

    def write(self, frame: AudioFrame) -> None:
        """Resamples and writes one decoded frame."""
        if frame.sample_rate not in SAMPLE_RATES or len(frame.layout.channels) > MAX_CHANNELS:
            raise FFmpegError(-1, "a frame of an impossible format")
        self._fill_gap(frame)
        shape = (frame.format.name, frame.sample_rate, frame.layout.name)
        if shape != self._format:
            # A damaged stream changes its format in mid-song; one resampler knows only one.
            self.flush()
            # Mixed up to stereo, one channel would lose 3 dB.
            layout = "mono" if len(frame.layout.channels) == 1 else "stereo"
            self._resampler = AudioResampler(format="flt", layout=layout, rate=self._rate)
            self._format = shape
        assert self._resampler is not None
        frame.pts = None
        for part in self._resampler.resample(frame):
            self._write(_samples(part))

    def flush(self) -> None:
        """Writes what the resampler still holds."""
        if self._resampler is not None:
            for part in self._resampler.resample(None):
                self._write(_samples(part))
            self._resampler = None
            self._format = None

    def _fill_gap(self, frame: AudioFrame) -> None:
        if frame.pts is None or frame.time_base is None:
            return
        time = float(frame.pts * frame.time_base)
        if self._first is None:
            self._first = time
        gap = time - self._first - self.decoded / self._rate
        if gap > MAX_GAP_SECONDS or gap < -MAX_GAP_SECONDS:
            self._first = time - self.decoded / self._rate
        elif gap > _SMALLEST_GAP_SECONDS:
            self._write(np.zeros((round(gap * self._rate), 2), np.float32))

    def _write(self, samples: NDArray[np.float32]) -> None:
        first, last = self.decoded, self.decoded + len(samples)
        self.decoded = last
        if last > self._most:
            raise Refused("too_long", f"more than {self._most / self._rate:.0f} s of sound")
        kept = samples[max(self._start - first, 0) : max(self._end - first, 0)]
        if len(kept):
            clean = np.nan_to_num(kept, nan=0.0, posinf=0.0, neginf=0.0)
            self._file.write(np.clip(clean, -4.0, 4.0).astype("<f4").tobytes())
            self.written += len(kept)


def _samples(frame: AudioFrame) -> NDArray[np.float32]:
    channels = len(frame.layout.channels)
    samples = frame.to_ndarray().reshape(-1, channels).astype(np.float32, copy=False)
    return np.repeat(samples, 2 // channels, axis=1)


def _frames(container: Any, stream: Any, bad: list[str]) -> Iterator[AudioFrame]:
    """Decoded frames; what cannot be decoded is noted in `bad` and skipped."""
    packets = container.demux(stream)
    while len(bad) < MAX_BAD_PACKETS:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (FFmpegError, ValueError) as error:
            bad.append(f"demux: {error}")
            return
        try:
            frames = packet.decode()
        except (FFmpegError, ValueError) as error:
            bad.append(str(error))
            continue
        yield from frames


def _declared_seconds(container: Any, stream: Any) -> float:
    """Length that the file declares, 0 for none."""
    if stream.duration and stream.time_base:
        return max(float(stream.duration * stream.time_base), 0.0)
    if container.duration:
        return max(container.duration / av.time_base, 0.0)
    return 0.0


def _tags(*sources: dict[str, str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for source in sources:
        for key, value in source.items():
            if len(value) <= _MAX_TAG_CHARACTERS:
                tags.setdefault(key.lower(), value)
    return tags


def _synced(song: Path) -> dict[str, str]:
    """Lyrics with times, which FFmpeg leaves in the tag; before those without."""
    found = synced_tags.read(song)
    return {f"syncedlyrics-{found[0]}": found[1]} if found else {}


def _looks_like_audio(song: Path) -> bool:
    """Whether the first bytes are those of a sound file, however damaged the rest is."""
    with song.open("rb") as file:
        head = file.read(16)
    marks = (b"ID3", b"RIFF", b"RF64", b"fLaC", b"OggS", b"FORM", b"\x1aE\xdf\xa3")
    return (
        head.startswith(marks)
        or head[4:8] == b"ftyp"
        or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)
    )


def decode(song: Path, pcm: Path, limits: dict[str, float]) -> dict[str, Any]:
    """Decodes `song` into `pcm` and reports what was found. Raises `Refused`."""
    options = {"format_whitelist": ",".join(CONTAINERS)}
    bad: list[str] = []
    with song.open("rb") as file, pcm.open("wb") as output:
        try:
            # A file object, never a name: FFmpeg would take a name for an address.
            container = av.open(file, "r", options=options, metadata_errors="replace")
        except (FFmpegError, ValueError) as error:
            kind = "corrupt" if _looks_like_audio(song) else "not_audio"
            raise Refused(kind, "it is not a sound file of a known kind") from error
        with container:
            if not container.streams.audio:
                raise Refused("not_audio", "the file holds no sound track")
            stream = container.streams.audio[0]
            codec = stream.codec_context.name if stream.codec_context else "unknown"
            if codec not in CODECS and not codec.startswith("pcm_"):
                raise Refused("not_audio", f"the codec {codec!r} is not supported")
            declared = _declared_seconds(container, stream)
            if declared > limits["most_seconds"]:
                raise Refused("too_long", f"the file says it lasts {declared:.0f} s")
            rate = stream.codec_context.sample_rate
            if rate and rate not in SAMPLE_RATES:
                raise Refused("corrupt", f"a sample rate of {rate} Hz")
            writer = _Writer(
                output, int(limits["rate"]), limits["start"],
                limits["end"] or float("inf"), limits["most_seconds"],
            )  # fmt: skip
            for frame in _frames(container, stream, bad):
                try:
                    writer.write(frame)
                except (FFmpegError, ValueError) as error:
                    bad.append(str(error))
                if writer.full:
                    break
            if not writer.full:
                writer.flush()
            tags = _tags(_synced(song), container.metadata, stream.metadata)
    if writer.decoded < limits["rate"] and not _looks_like_audio(song):
        # FFmpeg finds some frame in any long enough noise.
        raise Refused("not_audio", "nothing in it decodes to sound")
    return {
        "written": writer.written,
        "decoded_seconds": writer.decoded / limits["rate"],
        "complete": not writer.full,
        "declared_seconds": declared,
        "bad_packets": len(bad),
        "container": container.format.name,
        "codec": codec,
        "tags": tags,
    }


def _limit_process(cpu_seconds: int, memory_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows, where the parent's clock remains
        return
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the system refuses this limit
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _end_with_parent() -> None:
    """Ends this process when stdin does: its other end closes with the parent, however it dies.

    PyAV gives the lock of the interpreter back while FFmpeg works, so that this thread runs
    then too; should FFmpeg hang for good, the limit of CPU time remains.
    """

    def watch() -> None:
        # Not through sys.stdin, whose lock would stand in the way of a regular end.
        while os.read(0, 1024):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Decodes as the arguments say."""
    _end_with_parent()
    song, pcm, limits = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    _limit_process(int(limits["cpu_seconds"]), int(limits["memory_bytes"]))
    set_level(PANIC)
    try:
        report = decode(song, pcm, limits)
    except Refused as refusal:
        report = {"refused": refusal.kind, "message": str(refusal)}
    except OSError as error:
        report = {"refused": "os", "message": str(error), "errno": error.errno}
    except MemoryError:
        report = {"refused": "corrupt", "message": "it asked for more memory than allowed"}
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
