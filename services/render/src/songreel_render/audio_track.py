"""The song beside the pictures: its own packets where mp4 takes them, else AAC."""

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
from songreel_kit.errors import CorruptAudio, NotAudio

# Codecs that every player of mp4 files knows. ffmpeg would also put Opus, FLAC and Vorbis into
# mp4, but QuickTime, Safari and television sets do not play them there.
COPIED_CODECS: Final = ("mp3", "mp3float", "aac", "alac")
_AAC_RATES: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AAC_BITS_PER_CHANNEL: Final = 96_000
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
    """"copy", or the codec that it is encoded to."""
    start: float
    """Seconds into the song at which the video starts."""
    duration: float
    """Seconds."""
    fallback: str
    """Why the packets are not copied; empty when they are."""


def choose_track(path: Path, start: float, duration: float) -> AudioTrack:
    """Decide how a song can go into an mp4.

    Args:
        path: the song.
        start: where the excerpt starts in the song, seconds.
        duration: its length, seconds.

    Raises:
        NotAudio: no audio stream in it.
    """
    with _open(path) as container:
        stream = _audio_stream(container)
        name = str(stream.codec_context.name)
        if name not in COPIED_CODECS:
            return AudioTrack(
                path, "aac", start, duration,
                f"the song's {name} audio was encoded to AAC: mp4 players do not all know {name}",
            )  # fmt: skip
        if name.startswith("mp3") and stream.codec_context.sample_rate < _MIN_MP3_RATE:
            return AudioTrack(
                path, "aac", start, duration,
                f"the song's mp3 audio was encoded to AAC: mp4 takes mp3 from {_MIN_MP3_RATE} Hz "
                f"on, and it has {stream.codec_context.sample_rate} Hz",
            )  # fmt: skip
        length = _packet_seconds(container, stream)
    if start > _START_SLACK or duration < length - _END_SLACK:
        return AudioTrack(
            path, "aac", start, duration,
            "the excerpt was cut to the sample and encoded to AAC; packets are copied only for "
            "whole songs",
        )  # fmt: skip
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
    """The excerpt, cut to the sample and encoded to AAC."""

    def __init__(self, track: AudioTrack, output: Any) -> None:
        self._track = track
        with _open(track.path) as container:
            source = _audio_stream(container).codec_context
            self._source_rate = int(source.sample_rate)
            layout = "mono" if source.layout.nb_channels == 1 else "stereo"
        rate = self._source_rate if self._source_rate in _AAC_RATES else 48000
        self.stream = output.add_stream("aac", rate=rate, layout=layout)
        self.stream.bit_rate = _AAC_BITS_PER_CHANNEL * (1 if layout == "mono" else 2)
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


def open_track(track: AudioTrack, output: Any) -> CopiedAudio | EncodedAudio:
    """Add the track's stream to an output container."""
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
