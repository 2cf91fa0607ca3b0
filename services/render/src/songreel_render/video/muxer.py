"""Joins encoded segments and the song into one file, without encoding anything twice."""

from __future__ import annotations

import heapq
import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from songreel_kit.artifacts.containers import Container
from songreel_kit.errors import DataLoss, from_os_error

from songreel_render.video.audio_track import AudioTrack, open_track

# Quality of animated WebP, of 100, and how hard it tries, of 6.
_WEBP: Final = {"quality": "75", "compression_level": "3", "preset": "picture", "loop": "0"}


def write_video(
    path: Path,
    segments: Iterable[tuple[int, bytes]],
    rate: Fraction,
    track: AudioTrack,
    title: str,
    container: Container,
) -> None:
    """Write the video.

    Args:
        path: the file to write; one left by an error is the caller's to remove.
        segments: pairs of first frame and mp4 bytes, in order, read one at a time.
        rate: frames per second.
        track: the song.
        title: for the file's metadata; may be empty.
        container: of the file; no animation.

    Raises:
        DataLoss: a segment is damaged.
        DiskFull: no room for the file.
    """
    try:
        _write(path, segments, rate, track, title, container)
    except OSError as error:
        # PyAV's errors are OSErrors too, with the system's number.
        raise from_os_error(error) or error from error


def _write(
    path: Path,
    segments: Iterable[tuple[int, bytes]],
    rate: Fraction,
    track: AudioTrack,
    title: str,
    container: Container,
) -> None:
    options = dict(container.muxer_options)
    rest = iter(segments)
    first = next(rest)
    with (
        av.open(str(path), "w", format=container.name, options=options) as output,
        av.open(io.BytesIO(first[1])) as template,
    ):
        if title:
            output.metadata["title"] = title
        source: Any = template.streams.video[0]
        picture = output.add_stream_from_template(source)
        sound = open_track(track, output)
        picture.time_base = 1 / rate
        streams = [
            _video_packets(
                _chain(first, rest), picture, rate, _codec_header(source), container.reorder_frames
            )
        ]
        if sound is not None:
            streams.append(sound.packets())
        # Fed in order of time, so that the muxer holds little back.
        for _, packet in heapq.merge(*streams, key=lambda item: item[0]):
            output.mux(packet)


def write_animation(path: Path, video: Path, rate: Fraction) -> None:
    """Write the pictures of an mp4 as an animated WebP that repeats for ever.

    Raises:
        DiskFull: no room for the file.
    """
    try:
        with (
            av.open(str(video)) as source,
            av.open(str(path), "w", format="webp", options={"loop": "0"}) as output,
        ):
            stream: Any = output.add_stream("libwebp_anim", rate=rate)
            pictures = source.streams.video[0]
            stream.width, stream.height = pictures.width, pictures.height
            stream.pix_fmt = "yuv420p"
            stream.time_base = stream.codec_context.time_base = 1 / rate
            stream.codec_context.options = _WEBP
            for number, frame in enumerate(source.decode(pictures)):
                frame.pts, frame.time_base = number, 1 / rate
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    except OSError as error:
        raise from_os_error(error) or error from error


def _video_packets(
    segments: Iterable[tuple[int, bytes]],
    stream: Any,
    rate: Fraction,
    header: bytes,
    reorder: int,
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
                packet.dts = first_frame + decode_order - reorder
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
