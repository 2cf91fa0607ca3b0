"""The song beside the pictures: its own packets where the file takes them, else encoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.resampler import AudioResampler
from av.error import FFmpegError, InvalidDataError
from songreel_kit.artifacts.containers import Container
from songreel_kit.errors import CorruptAudio, NotAudio

_RATES: Final = {
    "aac": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    "libopus": (48000,),
}
_BITS_PER_CHANNEL: Final = {"aac": 96_000, "libopus": 80_000}
NO_SOUND: Final = "none"
# Seconds by which an excerpt may miss the song's end and still be the whole song: encoders
# pad the last packets.
_END_SLACK: Final = 0.1
# Seconds it may miss the start by: copied packets begin at 0, so this much is out of sync.
_START_SLACK: Final = 0.001
# Hz. Below it (MPEG 2.5) ffmpeg's mp4 muxer refuses mp3.
_MIN_MP3_RATE: Final = 16000


@dataclass(frozen=True)
class AudioTrack:
    """How the song gets into the video."""

    path: Path
    mode: str
    """"copy", the codec that it is encoded to, or "none"."""
    start: float
    """Seconds into the song at which the video starts."""
    duration: float
    """Seconds."""
    fallback: str
    """Why the packets are not copied; empty when they are."""


def choose_track(path: Path, start: float, duration: float, container: Container) -> AudioTrack:
    """Decide how a song can go into a video.

    Args:
        path: the song.
        start: where the excerpt starts in the song, seconds.
        duration: its length, seconds.
        container: what the video will be.

    Raises:
        NotAudio: no audio stream in it.
    """
    codec, kind = container.audio_name, container.name
    with _open(path) as song:
        stream = _audio_stream(song)
        if not container.audio_codec:
            return AudioTrack(path, NO_SOUND, start, duration, "")
        name = str(stream.codec_context.name)
        reason = ""
        if name not in container.copied_audio:
            reason = (
                f"the song's {name} audio was encoded to {codec}: {kind} players do not all know "
                f"{name}"
            )
        elif name.startswith("mp3") and stream.codec_context.sample_rate < _MIN_MP3_RATE:
            reason = (
                f"the song's mp3 audio was encoded to {codec}: {kind} takes mp3 from "
                f"{_MIN_MP3_RATE} Hz on, and it has {stream.codec_context.sample_rate} Hz"
            )
        elif start > _START_SLACK or duration < _packet_seconds(song, stream) - _END_SLACK:
            reason = (
                f"the excerpt was cut to the sample and encoded to {codec}; packets are copied "
                "only for whole songs"
            )
    if reason:
        return AudioTrack(path, container.audio_codec, start, duration, reason)
    return AudioTrack(path, "copy", 0.0, duration, "")


class CopiedAudio:
    """The song's own packets, timed so that its first audible sample is at 0."""

    def __init__(self, track: AudioTrack, output: Any) -> None:
        self._container = _open(track.path)
        self._source = _audio_stream(self._container)
        self.stream = output.add_stream_from_template(self._source)

    def packets(self) -> Iterator[tuple[Fraction, Any]]:
        """Pairs of decoding time in seconds and packet, in order."""
        # Decoders drop an mp3's or AAC's encoder delay; the demuxer tells it as the start time.
        # Negative times become an edit list in the mp4, which drops it again.
        delay = self._source.start_time or 0
        with self._container:
            for packet in self._container.demux(self._source):
                if packet.size == 0 or packet.pts is None:
                    continue
                packet.pts -= delay
                packet.dts = packet.pts
                packet.stream = self.stream
                yield packet.dts * cast("Fraction", packet.time_base), packet


class EncodedAudio:
    """The excerpt, cut to the sample and encoded."""

    def __init__(self, track: AudioTrack, output: Any) -> None:
        self._track = track
        with _open(track.path) as container:
            source = _audio_stream(container).codec_context
            self._source_rate = int(source.sample_rate)
            layout = "mono" if source.layout.nb_channels == 1 else "stereo"
        codec = track.mode
        rate = self._source_rate if self._source_rate in _RATES[codec] else 48000
        self.stream = output.add_stream(codec, rate=rate, layout=layout)
        self.stream.bit_rate = _BITS_PER_CHANNEL[codec] * (1 if layout == "mono" else 2)
        self._rate, self._layout = rate, layout

    def packets(self) -> Iterator[tuple[Fraction, Any]]:
        """Pairs of decoding time in seconds and packet, in order."""
        context = self.stream.codec_context
        fifo = AudioFifo()
        written = 0
        for block in self._excerpt():
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=self._layout)
            frame.sample_rate = self._rate
            frame.pts = written
            frame.time_base = Fraction(1, self._rate)
            written += block.shape[1]
            fifo.write(frame)
            while (whole := fifo.read(context.frame_size or 1024)) is not None:
                yield from self._encode(whole)
        rest = fifo.read(0, partial=True)
        if rest is not None:
            yield from self._encode(rest)
        yield from self._encode(None)

    def _encode(self, frame: Any) -> Iterator[tuple[Fraction, Any]]:
        for packet in self.stream.encode(frame):
            yield packet.dts * packet.time_base, packet

    def _excerpt(self) -> Iterator[Any]:
        """Blocks (channels, samples) float32 of exactly the excerpt, silence after the end."""
        skip = round(self._track.start * self._rate)
        wanted = round(self._track.duration * self._rate)
        channels = 1 if self._layout == "mono" else 2
        for block in self._samples():
            if skip >= block.shape[1]:
                skip -= block.shape[1]
                continue
            part = block[:, skip : skip + wanted]
            skip = 0
            wanted -= part.shape[1]
            if part.shape[1]:
                yield np.ascontiguousarray(part)
            if wanted <= 0:
                return
        while wanted > 0:
            silent = min(wanted, self._rate)
            yield np.zeros((channels, silent), dtype=np.float32)
            wanted -= silent

    def _samples(self) -> Iterator[Any]:
        resampler = AudioResampler(format="fltp", layout=self._layout, rate=self._rate)
        with _open(self._track.path) as container:
            for packet in container.demux(_audio_stream(container)):
                try:
                    decoded = packet.decode()
                except InvalidDataError:
                    continue  # A damaged packet; the analysis has warned of it.
                for frame in decoded:
                    for part in resampler.resample(frame):
                        yield part.to_ndarray()
        for part in resampler.resample(None):
            yield part.to_ndarray()


def open_track(track: AudioTrack, output: Any) -> CopiedAudio | EncodedAudio | None:
    """Add the track's stream to an output container; None for a video without sound."""
    if track.mode == NO_SOUND:
        return None
    return CopiedAudio(track, output) if track.mode == "copy" else EncodedAudio(track, output)


def _open(path: Path) -> Any:
    try:
        return av.open(str(path))
    except FFmpegError as error:
        raise CorruptAudio(f"the song cannot be opened: {error.strerror}") from error


def _audio_stream(container: Any) -> Any:
    if not container.streams.audio:
        raise NotAudio("the song file holds no audio stream")
    return container.streams.audio[0]


def _packet_seconds(container: Any, stream: Any) -> float:
    """Seconds from the song's first to its last audible sample, by its packets' times."""
    last = Fraction(0)
    delay = (stream.start_time or 0) * stream.time_base
    for packet in container.demux(stream):
        if packet.pts is not None and packet.size:
            last = (packet.pts + (packet.duration or 0)) * packet.time_base
    return float(last - delay)
