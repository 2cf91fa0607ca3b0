"""Reading a video: what it holds, its pictures one by one, its sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.stream
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray
from songreel_kit.errors import CorruptVideo, EmptyFile, NotVideo, VideoTooLong, VideoTooShort

Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]

LEAST_SECONDS: Final = 1.0
"""Music for less than this is a jingle's first note."""
_LONGER_SIDE: Final = 192
# Pictures whose times jump further than this (s) are a broken file's, not a slow one's.
_LONGEST_PICTURE: Final = 30.0


@dataclass(frozen=True)
class VideoLimits:
    """What a video may cost."""

    max_seconds: float = 3 * 3600.0
    """Longest video, in seconds."""


@dataclass(frozen=True)
class Picture:
    """One picture, made small."""

    time: float
    """Seconds from the first picture."""
    pixels: Pixels
    """(height, width, 3) BGR, at most 192 pixels a side, as encoded (not turned)."""


@dataclass
class VideoFacts:
    """What reading the pictures told. Complete when the pictures have all been read."""

    width: int = 0
    """Pixels, as shown (turned)."""
    height: int = 0
    rotation: int = 0
    """Degrees counter-clockwise by which players turn the pictures."""
    has_sound: bool = False
    pictures: int = 0
    duration: float = 0.0
    """Seconds from the first picture's start to the last one's end."""
    damaged: int = 0
    """Packets that could not be decoded."""
    warnings: list[str] = field(default_factory=list[str])

    @property
    def fps(self) -> float:
        """Mean rate of pictures, Hz."""
        return self.pictures / self.duration if self.duration else 0.0


def open_video(path: Path) -> Any:
    """Opens a file that has a video stream.

    Raises:
        EmptyFile: zero bytes.
        NotVideo: no container, or no moving picture in it (a cover picture is none).
    """
    if path.stat().st_size == 0:
        raise EmptyFile(f"{path.name} is empty; export the video again")
    try:
        container = av.open(str(path))
    except FFmpegError as error:
        raise NotVideo(f"{path.name} is no video that can be read: {error.strerror}") from error
    if video_stream(container) is None:
        what = "only sound" if container.streams.audio else "no pictures"
        container.close()
        raise NotVideo(f"{path.name} holds {what}; give a video file")
    return container


def video_stream(container: Any) -> Any:
    """The first stream of moving pictures; None where there is none."""
    cover = av.stream.Disposition.attached_pic
    return next((s for s in container.streams.video if not s.disposition & cover), None)


def read_pictures(
    path: Path,
    facts: VideoFacts,
    limits: VideoLimits | None = None,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Picture]:
    """Decodes all pictures in order, each at its own time (variable frame rates included).

    Args:
        path: the video.
        facts: filled in while reading.
        limits: what the video may cost.
        check: called for each picture; raises to give up.

    Raises:
        EmptyFile, NotVideo, CorruptVideo, VideoTooShort, VideoTooLong.
    """
    limits = limits or VideoLimits()
    with open_video(path) as container:
        stream = video_stream(container)
        stream.thread_type = "AUTO"
        facts.has_sound = bool(container.streams.audio)
        told = _told_seconds(container, stream)
        if told > limits.max_seconds:
            raise VideoTooLong(_too_long(told, limits))
        yield from _pictures(container, stream, facts, limits, check)
    _judge(path, facts)


def _pictures(
    container: Any,
    stream: Any,
    facts: VideoFacts,
    limits: VideoLimits,
    check: Callable[[], None],
) -> Iterator[Picture]:
    clock = _Clock(stream)
    for frame in _decoded(container, stream, facts):
        check()
        time = clock.time_of(frame)
        if time is None:
            facts.damaged += 1
            continue
        if not facts.pictures:
            facts.rotation = round(frame.rotation)
            size = (frame.width, frame.height)
            facts.width, facts.height = size[::-1] if facts.rotation % 180 else size
        facts.pictures += 1
        facts.duration = clock.end
        if clock.end > limits.max_seconds:
            raise VideoTooLong(_too_long(clock.end, limits))
        yield Picture(time, _small(frame))


class _Clock:
    """Turns presentation times into seconds from the first picture, always rising."""

    def __init__(self, stream: Any) -> None:
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self._usual = float(1 / rate)
        self._base = stream.time_base
        self._first: float | None = None
        self._last = -1.0
        self.end = 0.0
        """When the latest picture ends, s."""

    def time_of(self, frame: Any) -> float | None:
        """Seconds; None for a picture that comes at no time of its own."""
        if frame.pts is None:
            seconds = self._last + self._usual if self._first is not None else 0.0
        else:
            seconds = float(frame.pts * self._base)
            if self._first is None:
                self._first = seconds
            seconds -= self._first
        if self._first is None:
            self._first = 0.0
        if seconds <= self._last or seconds > self._last + _LONGEST_PICTURE + 1:
            return None
        told = float((frame.duration or 0) * self._base)
        # Containers of variable rate often tell a placeholder, such as one tick.
        step = min(self._usual, seconds - self._last) if seconds else self._usual
        usual = told if 0.2 * step < told < 60 * self._usual else step
        self._last, self.end = seconds, seconds + usual
        return seconds


def _decoded(container: Any, stream: Any, facts: VideoFacts) -> Iterator[Any]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except FFmpegError:
            # The file ends in the middle: what came before is good.
            facts.damaged += 1
            return
        try:
            yield from packet.decode()
        except FFmpegError:
            facts.damaged += 1


def _small(frame: Any) -> Pixels:
    scale = min(1.0, _LONGER_SIDE / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale) // 2 * 2) for side in (frame.width, frame.height))
    return frame.to_ndarray(format="bgr24", width=width, height=height)


def _told_seconds(container: Any, stream: Any) -> float:
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _judge(path: Path, facts: VideoFacts) -> None:
    if facts.pictures == 0:
        error = CorruptVideo if facts.damaged else NotVideo
        raise error(f"{path.name} has a video stream but no picture can be decoded")
    if facts.pictures == 1:
        raise VideoTooShort(f"{path.name} is one picture, not a video; give at least 1 second")
    if facts.duration < LEAST_SECONDS:
        raise VideoTooShort(
            f"{path.name} lasts {facts.duration:.2f} s; give at least {LEAST_SECONDS:g} second"
        )
    if facts.damaged > facts.pictures:
        raise CorruptVideo(
            f"{facts.damaged} parts of {path.name} cannot be decoded and only {facts.pictures} can;"
            " export it again"
        )
    if facts.damaged:
        facts.warnings.append(
            f"{facts.damaged} damaged parts of the video were left out; it has "
            f"{facts.pictures} good pictures"
        )


def _too_long(seconds: float, limits: VideoLimits) -> str:
    return (
        f"the video lasts {seconds / 60:.0f} minutes; at most {limits.max_seconds / 60:.0f} are "
        "scored, so cut it into parts"
    )


def read_sound(
    path: Path, rate: int, channels: int, check: Callable[[], None] = lambda: None
) -> Iterator[Samples]:
    """Decodes the first sound stream in blocks (n, channels) float32, from the first picture on.

    Sound that begins after the pictures is preceded by silence; what lies before them is
    left out. Damaged packets are skipped. Nothing where the file has no sound.
    """
    layout = "mono" if channels == 1 else "stereo"
    with open_video(path) as container:
        if not container.streams.audio:
            return
        stream, pictures = container.streams.audio[0], video_stream(container)
        start = float((pictures.start_time or 0) * pictures.time_base)
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        skip: int | None = None
        for frame in _sound_frames(container, stream):
            check()
            if skip is None:
                offset = start - (frame.time if frame.time is not None else start)
                skip = round(offset * rate)
                if skip < 0:
                    yield np.zeros((-skip, channels), np.float32)
                    skip = 0
            for part in resampler.resample(frame):
                block = np.ascontiguousarray(part.to_ndarray().T[skip:], np.float32)
                skip = max(0, skip - part.samples)
                if len(block):
                    yield block
        for part in resampler.resample(None):
            yield np.ascontiguousarray(part.to_ndarray().T, np.float32)


def _sound_frames(container: Any, stream: Any) -> Iterator[Any]:
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except FFmpegError:
                continue
    except FFmpegError:
        return
