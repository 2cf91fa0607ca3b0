"""Files that a video can be: which codecs they hold and who can play them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from songreel_kit.errors import InvalidRenderSettings

DEFAULT_CONTAINER: Final = "mp4"


@dataclass(frozen=True)
class Container:
    """A kind of video file."""

    name: str
    media_type: str
    video_codec: str
    """Of the segments."""
    copied_audio: tuple[str, ...]
    """Codecs whose packets go into it as they are."""
    audio_codec: str
    """What other sound is encoded to; empty where the file holds no sound."""
    audio_name: str
    """The same for people."""
    reorder_frames: int
    """Frames by which decoding runs ahead of showing."""
    carries_credentials: bool
    """Whether C2PA defines where content credentials go in it."""


# ffmpeg would also put Opus, FLAC and Vorbis into mp4, but QuickTime, Safari and television sets
# do not play them there. Animated WebP is for previews: it plays wherever pictures are shown.
CONTAINERS: Final = {
    "mp4": Container(
        "mp4", "video/mp4", "libx264", ("mp3", "mp3float", "aac", "alac"), "aac", "AAC", 1, True
    ),
    "webm": Container(
        "webm", "video/webm", "libvpx-vp9", ("opus", "libopus", "vorbis"), "libopus", "Opus", 0,
        False,
    ),
    "webp": Container("webp", "image/webp", "libx264", (), "", "", 1, True),
}  # fmt: skip


def find_container(name: str) -> Container:
    """Look up a kind of file by name.

    Raises:
        InvalidRenderSettings: no such name; the message lists those there are.
    """
    found = CONTAINERS.get(name)
    if found is None:
        raise InvalidRenderSettings(
            f"there is no video format {name!r}; known: {', '.join(CONTAINERS)}", field="format"
        )
    return found
