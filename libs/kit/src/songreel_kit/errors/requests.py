"""Errors of what was asked for: change the request."""

# ruff: noqa: N818 - the names are those of the reasons, and none needs "Error" to be clear

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import grpc

from songreel_kit.errors.base import SongreelError

__all__ = [
    "ArtifactNotFound",
    "AudioTooLong",
    "AudioTooShort",
    "BadFrame",
    "BrokenLyrics",
    "CheckpointNotFound",
    "Conflict",
    "CorruptAudio",
    "CorruptVideo",
    "EmptyFile",
    "FrameOutOfOrder",
    "IdentityNotFound",
    "InvalidAnalysis",
    "InvalidName",
    "InvalidPageToken",
    "InvalidRenderSettings",
    "InvalidRequest",
    "InvalidScorePlan",
    "InvalidStoryboard",
    "InvalidUpload",
    "MediaNotFound",
    "NotAudio",
    "NotFound",
    "NotVideo",
    "OperationNotFound",
    "ProjectNotFound",
    "RequestIdReused",
    "SilentAudio",
    "StoryboardNotFound",
    "UnknownEngine",
    "UnknownExtractor",
    "UnknownSchedule",
    "UnknownStoryteller",
    "UnknownStyle",
    "UploadNotFound",
    "VideoExists",
    "VideoNotFound",
    "VideoTooLong",
    "VideoTooShort",
    "all_faults",
]


class InvalidRequest(SongreelError):
    """The request itself is wrong; the same request will fail again."""

    code = grpc.StatusCode.INVALID_ARGUMENT

    violations: tuple[tuple[str, str], ...] = ()
    """(field, what is wrong) of each fault, where there are several; see `all_faults`."""

    def within(self, path: str) -> Self:
        """The error of a part of a message, as one of the whole: its fields begin with `path`."""
        if "field" in self.metadata:
            self.metadata["field"] = f"{path}.{self.metadata['field']}"
        self.violations = tuple((f"{path}.{field}", text) for field, text in self.violations)
        return self

    def named(self) -> tuple[tuple[str, str], ...]:
        """(field, what is wrong) of all faults that name their field."""
        if self.violations or "field" not in self.metadata:
            return self.violations
        return ((self.metadata["field"], self.message),)


def all_faults(faults: Sequence[InvalidRequest]) -> InvalidRequest:
    """One error for all faults of a request: the only one, or one that lists them.

    It is of their common class, if they have one.
    """
    if len(faults) == 1:
        return faults[0]
    kinds = {type(each) for each in faults}
    kind = kinds.pop() if len(kinds) == 1 else InvalidRequest
    text = "; ".join(each.message for each in faults)
    error = kind(f"{len(faults)} faults: {text}")
    error.violations = tuple(named for each in faults for named in each.named())
    return error


class NotAudio(InvalidRequest):
    """The file holds no audio stream that can be read."""


class EmptyFile(InvalidRequest):
    """The file has zero bytes."""


class SilentAudio(InvalidRequest):
    """There is nothing to hear in the song or the excerpt."""


class AudioTooShort(InvalidRequest):
    """The song or the excerpt is shorter than the least length."""


class AudioTooLong(InvalidRequest):
    """The song or the excerpt is longer than the greatest length."""


class CorruptAudio(InvalidRequest):
    """The file begins like audio, but most of it cannot be decoded."""


class NotVideo(InvalidRequest):
    """The file holds no moving picture that can be read."""


class VideoTooShort(InvalidRequest):
    """The video is shorter than the least length that music can be made for."""


class VideoTooLong(InvalidRequest):
    """The video is longer than the greatest length."""


class CorruptVideo(InvalidRequest):
    """The file begins like a video, but most of its pictures cannot be decoded."""


class InvalidScorePlan(InvalidRequest):
    """The plan of a soundtrack cannot be read, contradicts itself or does not fit the video."""


class BrokenLyrics(InvalidRequest):
    """The lyrics file cannot be understood."""


class UnknownStyle(InvalidRequest):
    """No style preset has this name."""


class UnknownStoryteller(InvalidRequest):
    """No storyteller has this name."""


class UnknownSchedule(InvalidRequest):
    """No motion schedule has this name."""


class UnknownExtractor(InvalidRequest):
    """No emotion extractor has this name."""


class UnknownEngine(InvalidRequest):
    """No composing engine has this name."""


class InvalidStoryboard(InvalidRequest):
    """The storyboard cannot be read or does not fit the song."""


class InvalidAnalysis(InvalidRequest):
    """The song analysis cannot be read or contradicts itself."""


class InvalidUpload(InvalidRequest):
    """The upload's parts do not fit its header."""


class InvalidName(InvalidRequest):
    """A resource name or id is not of the form the API asks for."""


class InvalidPageToken(InvalidRequest):
    """The page token is not one that this server gave for this list."""


class InvalidRenderSettings(InvalidRequest):
    """A render setting is out of its range or does not fit the checkpoint."""


class BadFrame(InvalidRequest):
    """A camera frame cannot be decoded as a JPEG."""


class FrameOutOfOrder(InvalidRequest):
    """A camera frame was taken no later than the one before it."""


class NotFound(SongreelError):
    """What was named does not exist."""

    code = grpc.StatusCode.NOT_FOUND


class ArtifactNotFound(NotFound):
    """The artifact store does not hold these bytes."""


class MediaNotFound(NotFound):
    """No media has this name."""


class ProjectNotFound(NotFound):
    """No project has this name."""


class OperationNotFound(NotFound):
    """No operation has this name."""


class VideoNotFound(NotFound):
    """No video has this name."""


class StoryboardNotFound(NotFound):
    """No storyboard has this name."""


class UploadNotFound(NotFound):
    """No unfinished upload has this name: it was cancelled, refused, or has expired."""


class CheckpointNotFound(NotFound):
    """There is no checkpoint at this place."""


class IdentityNotFound(NotFound):
    """No identity has this name."""


class Conflict(SongreelError):
    """Something else already has this name or id."""

    code = grpc.StatusCode.ALREADY_EXISTS


class RequestIdReused(Conflict):
    """The request id was used before with other content."""


class VideoExists(Conflict):
    """A video has this name already."""
