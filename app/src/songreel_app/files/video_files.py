"""The files that belong to a video, beside each other in one folder."""

from dataclasses import dataclass
from pathlib import Path

from songreel.v1.video_pb2 import VideoMedia


@dataclass(frozen=True)
class VideoFiles:
    """Where the video goes, and what it was made from."""

    video: Path
    analysis: Path
    storyboard: Path
    timeline: Path
    contact_sheet: Path


def files_beside(video: Path) -> VideoFiles:
    """For `clip.mp4`: `clip.analysis.json`, `clip.storyboard.yaml`, `clip.timeline.png`, ..."""
    return VideoFiles(
        video=video,
        analysis=video.with_name(f"{video.stem}.analysis.json"),
        storyboard=video.with_name(f"{video.stem}.storyboard.yaml"),
        timeline=video.with_name(f"{video.stem}.timeline.png"),
        contact_sheet=video.with_name(f"{video.stem}.storyboard.png"),
    )


def downloads_of(media: VideoMedia, files: VideoFiles) -> list[tuple[str, Path]]:
    """Media names and where they go; the video last, so that it never stands alone."""
    pairs = [
        (media.analysis, files.analysis),
        (media.storyboard, files.storyboard),
        (media.timeline, files.timeline),
        (media.contact_sheet, files.contact_sheet),
        (media.video, files.video),
    ]
    return [(name, path) for name, path in pairs if name]
