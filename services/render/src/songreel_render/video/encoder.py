"""Frames to encoded segments, in a thread of its own behind a bounded queue."""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Any, Final, cast

import av
import numpy as np
from numpy.typing import NDArray

# Batches that may wait for the encoder. More would only take memory: the drawing is slower.
_QUEUE_BATCHES: Final = 4
# A segment is one closed group of pictures, so that segments can be joined without looking
# inside. No B-pyramid keeps the decoding order one frame behind (see `muxer`).
_X264: Final = "keyint=infinite:min-keyint=1:scenecut=0:open-gop=0:bframes=2:b-pyramid=none"
# Without hidden reference frames packets are in the order of the frames. "good" at 4 encodes
# 512 px some five times as fast as the default and looks the same.
_VP9: Final = {
    "deadline": "good", "cpu-used": "4", "row-mt": "1", "auto-alt-ref": "0", "lag-in-frames": "0",
    "b": "0",
}  # fmt: skip
# VP9 counts quality from 0 to 63 where H.264 counts to 51.
_VP9_CRF: Final = 63 / 51
_BT709: Final = 1
_LIMITED_RANGE: Final = 1


@dataclass(frozen=True)
class VideoFormat:
    """What the encoder must know; the same format gives the same bytes for the same frames."""

    rate: Fraction
    """Frames per second."""
    size: int
    """Pixels of a side."""
    crf: int
    """In H.264's measure."""
    threads: int
    """Fixed, because the encoder's decisions depend on it."""
    codec: str = "libx264"
    """"libx264" or "libvpx-vp9"."""

    def options(self) -> dict[str, str]:
        """Options of ffmpeg's encoder."""
        if self.codec == "libx264":
            return {"crf": str(self.crf), "preset": "faster", "x264-params": _X264}
        return _VP9 | {"crf": str(round(self.crf * _VP9_CRF)), "g": "9999"}


class SegmentEncoder:
    """Encodes the frames of one segment into a small mp4 in memory.

    VP9 too: mp4 keeps time exactly, and a segment is only ever read by `muxer`.
    """

    def __init__(self, video: VideoFormat) -> None:
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, "w", format="mp4")
        self._stream = cast("Any", self._container.add_stream(video.codec, rate=video.rate))
        self._stream.width = self._stream.height = video.size
        self._stream.pix_fmt = "yuv420p"
        # Kept here: the muxer changes the stream's own when the file begins.
        self._time_base = 1 / video.rate
        self._stream.time_base = self._time_base
        context = self._stream.codec_context
        context.time_base = self._time_base
        context.thread_count = video.threads
        context.color_range = _LIMITED_RANGE
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.options = video.options()
        self._frames = 0

    def write(self, pixels: NDArray[np.uint8]) -> None:
        """Add frames (n, height, width, 3) uint8 RGB."""
        for picture in pixels:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
            )
            frame.pts = self._frames
            frame.time_base = self._time_base
            self._frames += 1
            self._container.mux(self._stream.encode(frame))

    def finish(self) -> bytes:
        """The whole segment; the encoder is done with."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._buffer.getvalue()


class EncodingThread:
    """Encodes segments while the next frames are drawn.

    Use as a context manager; leaving it normally waits until everything is stored, leaving it
    by an exception drops what is unfinished. What goes wrong in the thread is raised by the next
    call.

    Args:
        video: format of all segments.
        store: called in the thread with the index and the bytes of each whole segment.
    """

    def __init__(self, video: VideoFormat, store: Callable[[int, bytes], None]) -> None:
        self._video = video
        self._store = store
        self._queue: queue.Queue[tuple[int, NDArray[np.uint8], bool] | None] = queue.Queue(
            _QUEUE_BATCHES
        )
        self._error: BaseException | None = None
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._work, name="songreel-encode", daemon=True)

    def put(self, segment: int, pixels: NDArray[np.uint8], *, last: bool) -> None:
        """Hand over a batch of a segment's frames, in order; waits while the queue is full.

        Args:
            segment: index of the segment.
            pixels: (n, height, width, 3) uint8 RGB; must not be changed afterwards.
            last: whether the segment ends with this batch.
        """
        self._raise_error()
        self._queue.put((segment, pixels, last))

    def __enter__(self) -> EncodingThread:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._abandoned.set()
        self._queue.put(None)
        self._thread.join()
        if kind is None:
            self._raise_error()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        encoder: SegmentEncoder | None = None
        # After an error the queue is still emptied, or `put` would wait for ever.
        while (item := self._queue.get()) is not None:
            if self._error is not None or self._abandoned.is_set():
                continue
            segment, pixels, last = item
            try:
                encoder = encoder or SegmentEncoder(self._video)
                encoder.write(pixels)
                if last:
                    self._store(segment, encoder.finish())
                    encoder = None
            except BaseException as problem:
                self._error = problem
