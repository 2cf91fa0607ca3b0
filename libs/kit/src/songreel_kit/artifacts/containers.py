"""Video files: one table of what they can be, which codecs they hold and who can play them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from songreel_kit.errors import InvalidRenderSettings

DEFAULT_CONTAINER: Final = "mp4"


@dataclass(frozen=True, kw_only=True)
class Container:
    """A kind of video file."""

    name: str
    """In requests; also ffmpeg's name of the format."""
    media_type: str
    video_codec: str
    """ffmpeg's encoder of the segments."""
    copied_audio: tuple[str, ...] = ()
    """ffmpeg's names of the codecs whose packets go into it as they are."""
    audio_codec: str = ""
    """ffmpeg's encoder of other sound; empty where the file holds no sound."""
    audio_name: str = ""
    """What people call that codec."""
    reorder_frames: int = 0
    """Frames by which decoding runs ahead of showing."""
    carries_credentials: bool = False
    """Whether C2PA defines where content credentials go in it."""
    animation: bool = False
    """Whether it is a picture that repeats, converted from an mp4."""
    muxer_options: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of ffmpeg."""

    @property
    def extension(self) -> str:
        """Of file names, such as ".mp4"."""
        return f".{self.name}"


# ffmpeg would also put Opus, FLAC and Vorbis into mp4, but QuickTime, Safari and television sets
# do not play them there. Animated WebP is for previews: it plays wherever pictures are shown.
CONTAINERS: Final[dict[str, Container]] = {
    container.name: container
    for container in (
        Container(
            name="mp4",
            media_type="video/mp4",
            video_codec="libx264",
            copied_audio=("mp3", "mp3float", "aac", "alac"),
            audio_codec="aac",
            audio_name="AAC",
            reorder_frames=1,
            carries_credentials=True,
            # The index comes first, so that the file plays while it loads.
            muxer_options={"movflags": "+faststart"},
        ),
        Container(
            name="webm",
            media_type="video/webm",
            video_codec="libvpx-vp9",
            copied_audio=("opus", "libopus", "vorbis"),
            audio_codec="libopus",
            audio_name="Opus",
        ),
        Container(
            name="webp",
            media_type="image/webp",
            video_codec="libx264",
            reorder_frames=1,
            carries_credentials=True,
            animation=True,
        ),
    )
}


def find_container(name: str) -> Container:
    """Look up a kind of file by name.

    Raises:
        InvalidRenderSettings: no such name; the message lists the known ones.
    """
    found = CONTAINERS.get(name)
    if found is None:
        raise InvalidRenderSettings(
            f"there is no video format {name!r}; known: {', '.join(CONTAINERS)}", field="format"
        )
    return found


def video_extension(media_type: str) -> str:
    """Extension of a video of that media type; empty where it is no video's."""
    found = (each for each in CONTAINERS.values() if each.media_type == media_type)
    return next((each.extension for each in found), "")
