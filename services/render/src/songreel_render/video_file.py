"""Joins encoded segments and the song into one mp4, without encoding anything twice."""

from __future__ import annotations

import heapq
import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from songreel_kit.errors import DataLoss, from_os_error

from songreel_render.audio_track import AudioTrack, open_track

# Frames by which decoding runs ahead of showing; x264 without B-pyramid needs one.
_REORDER: Final = 1


def write_video(
    path: Path,
    segments: Iterable[tuple[int, bytes]],
    rate: Fraction,
    track: AudioTrack,
    title: str,
) -> None:
    """Write the video; the index comes first, so that it plays while it is loading.

    Args:
        path: the mp4 to write; a file left by an error is the caller's to remove.
        segments: pairs of first frame and mp4 bytes, in order, read one at a time.
        rate: frames per second.
        track: the song.
        title: for the file's metadata; may be empty.

    Raises:
        DataLoss: a segment is damaged.
        DiskFull: no room for the file.
    """
    try:
        _write(path, segments, rate, track, title)
    except OSError as error:
        # PyAV's errors are OSErrors too, with the system's number.
        raise from_os_error(error) or error from error


def _write(
    path: Path,
    segments: Iterable[tuple[int, bytes]],
    rate: Fraction,
    track: AudioTrack,
    title: str,
) -> None:
    rest = iter(segments)
    first = next(rest)
    with (
        av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as output,
        av.open(io.BytesIO(first[1])) as template,
    ):
        if title:
            output.metadata["title"] = title
        source: Any = template.streams.video[0]
        picture = output.add_stream_from_template(source)
        sound = open_track(track, output)
        picture.time_base = 1 / rate
        pictures = _video_packets(_chain(first, rest), picture, rate, _codec_header(source))
        # Fed in order of time, so that the muxer holds little back.
        for _, packet in heapq.merge(pictures, sound.packets(), key=lambda item: item[0]):
            output.mux(packet)


def _video_packets(
    segments: Iterable[tuple[int, bytes]], stream: Any, rate: Fraction, header: bytes
) -> Iterator[tuple[Fraction, Any]]:
    for first_frame, data in segments:
        decode_order = 0
        with av.open(io.BytesIO(data), "r") as segment:
            source: Any = segment.streams.video[0]
            if _codec_header(source) != header:
                raise DataLoss("the segments of the video were encoded with different settings")
            for packet in segment.demux(source):
                if packet.size == 0:
                    continue
                shown = first_frame + round(packet.pts * packet.time_base * rate)
                packet.time_base = 1 / rate
                packet.pts = shown
                # Rebuilt rather than shifted, so that they rise by one across every joint.
                packet.dts = first_frame + decode_order - _REORDER
                packet.duration = 1
                packet.stream = stream
                decode_order += 1
                yield packet.dts / rate, packet


def _chain(
    first: tuple[int, bytes], rest: Iterator[tuple[int, bytes]]
) -> Iterator[tuple[int, bytes]]:
    yield first
    yield from rest


def _codec_header(stream: Any) -> bytes:
    return bytes(stream.codec_context.extradata or b"")
