"""Puts the music beside a video's pictures, which are copied packet by packet."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.error import FFmpegError
from songreel_kit.errors import InvalidRequest, from_os_error

from songreel_score.sound.takes import RATE, Take
from songreel_score.watch.video_file import open_video, video_stream

_BIT_RATE: Final = 192_000


@dataclass(frozen=True)
class FilmFormat:
    """A container for the result."""

    name: str
    """ffmpeg's muxer."""
    sound_codec: str
    """ffmpeg's encoder."""
    pictures: frozenset[str]
    """Codecs of pictures that may be copied into it; empty for all."""
    options: dict[str, str]


_MP4_PICTURES: Final = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
FORMATS: Final[dict[str, FilmFormat]] = {
    ".mp4": FilmFormat("mp4", "aac", _MP4_PICTURES, {"movflags": "+faststart"}),
    ".m4v": FilmFormat("mp4", "aac", _MP4_PICTURES, {"movflags": "+faststart"}),
    ".mov": FilmFormat("mov", "aac", frozenset(), {"movflags": "+faststart"}),
    ".webm": FilmFormat("webm", "libopus", frozenset({"vp8", "vp9", "av1"}), {}),
    ".mkv": FilmFormat("matroska", "aac", frozenset(), {}),
}
"""By the extension of the output."""


def check_format(video: Path, output_suffix: str) -> FilmFormat:
    """The format of an output that can take the video's pictures as they are.

    Raises:
        InvalidRequest: unknown extension, or a container that these pictures do not go into.
        EmptyFile, NotVideo: as `video_file.open_video`.
    """
    chosen = FORMATS.get(output_suffix.lower())
    if chosen is None:
        raise InvalidRequest(
            f"{output_suffix or 'no extension'} is no format for the film; known: "
            f"{', '.join(FORMATS)}"
        )
    with open_video(video) as container:
        codec = str(video_stream(container).codec_context.name).removeprefix("lib")
    if chosen.pictures and codec not in chosen.pictures:
        fitting = next(s for s, f in FORMATS.items() if not f.pictures or codec in f.pictures)
        raise InvalidRequest(
            f"{codec} pictures do not go into {output_suffix} without being encoded again; write "
            f"{fitting} instead"
        )
    return chosen


def write_film(path: Path, video: Path, music: Take, chosen: FilmFormat) -> None:
    """Writes the film.

    Args:
        path: the file to write; one left by an error is the caller's to remove.
        video: where the pictures come from; its sound is left out.
        music: all that is to be heard.
        chosen: from `check_format`.

    Raises:
        DiskFull: no room for the file.
        InvalidRequest: the container refuses the pictures.
    """
    try:
        with (
            open_video(video) as source,
            av.open(str(path), "w", format=chosen.name, options=dict(chosen.options)) as output,
        ):
            pictures = video_stream(source)
            shown = output.add_stream_from_template(pictures)
            heard: Any = output.add_stream(chosen.sound_codec, rate=RATE, layout="stereo")
            heard.bit_rate = _BIT_RATE
            # In order of time, so that the muxer holds little back.
            for _, packet in heapq.merge(
                _pictures(source, pictures, shown), _sound(music, heard), key=lambda item: item[0]
            ):
                output.mux(packet)
    except (OSError, FFmpegError) as error:
        # PyAV's errors of the disk are OSErrors too, with the system's number.
        known = from_os_error(error) if isinstance(error, OSError) else None
        raise known or InvalidRequest(
            f"the pictures cannot be copied into {path.suffix}: {error.strerror}; write .mkv"
        ) from error


def _pictures(source: Any, pictures: Any, shown: Any) -> Iterator[tuple[Fraction, Any]]:
    """Pairs of decoding time in seconds and packet, the first picture at 0."""
    start = pictures.start_time or 0
    base = pictures.time_base
    last: int | None = None
    packets = source.demux(pictures)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):
            return  # A broken tail: what came before is kept.
        if packet.size == 0 or packet.pts is None:
            continue
        decoded = packet.dts if packet.dts is not None else packet.pts
        if last is not None and decoded <= last:
            continue
        last = decoded
        packet.pts -= start
        packet.dts = decoded - start
        packet.stream = shown
        yield packet.dts * base, packet


def _sound(music: Take, heard: Any) -> Iterator[tuple[Fraction, Any]]:
    context = heard.codec_context
    resampler = av.AudioResampler(format=context.format.name, layout="stereo", rate=RATE)
    size = context.frame_size or 1024
    for start, _, block in music.blocks():
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block.T), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        for part in resampler.resample(frame):
            yield from _encoded(heard, part, size)
    for frame in [*resampler.resample(None), None]:
        yield from _encoded(heard, frame, size)


def _encoded(heard: Any, frame: Any, size: int) -> Iterator[tuple[Fraction, Any]]:
    for packet in heard.encode(frame):
        yield packet.dts * packet.time_base, packet
