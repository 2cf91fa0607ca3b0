"""Resource names of the public API (AIP-122) and the ids in them.

projects/{project}
projects/{project}/media/{sha256}
projects/{project}/uploads/{upload}
projects/{project}/videos/{video}
projects/{project}/storyboards/{storyboard}
projects/{project}/operations/{operation}
projects/{project}/identities/{identity}
projects/{project}/consentText
"""

from __future__ import annotations

import re

from songreel_kit.errors import InvalidName, InvalidRequest

LOCAL_PROJECT = "projects/local"
"""The project of everybody who runs songreel for themselves."""

MAX_REQUEST_ID = 128
MAX_DISPLAY_NAME = 255

_PROJECT = r"[a-z][a-z0-9-]{0,62}"
_ID = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_DIGEST = r"[0-9a-f]{64}"
_UPLOAD = r"[0-9a-f]{32}"
_OPERATION = r"[a-z0-9][a-z0-9-]{0,62}"

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def project_of(parent: str) -> str:
    """The project id in `projects/{project}`. Raises `InvalidName`."""
    match = re.fullmatch(f"projects/({_PROJECT})", parent)
    if match is None:
        raise InvalidName(
            f"{parent!r} names no project: give projects/{{project}}, for example {LOCAL_PROJECT}",
            name=parent,
        )
    return match[1]


def media_name(project: str, sha256: str) -> str:
    """`projects/{project}/media/{sha256}`."""
    return f"projects/{project}/media/{sha256}"


def parse_media(name: str) -> tuple[str, str]:
    """(project, sha256) of a media name. Raises `InvalidName`."""
    return _parse(name, "media", _DIGEST, "{sha256 in lower-case hex}")


def upload_name(project: str, upload: str) -> str:
    """`projects/{project}/uploads/{upload}`."""
    return f"projects/{project}/uploads/{upload}"


def parse_upload(name: str) -> tuple[str, str]:
    """(project, upload) of an unfinished upload's name. Raises `InvalidName`."""
    return _parse(name, "uploads", _UPLOAD, "{upload}")


def video_name(project: str, video: str) -> str:
    """`projects/{project}/videos/{video}`."""
    return f"projects/{project}/videos/{video}"


def parse_video(name: str) -> tuple[str, str]:
    """(project, video) of a video name. Raises `InvalidName`."""
    return _parse(name, "videos", _ID, "{video}")


def storyboard_name(project: str, storyboard: str) -> str:
    """`projects/{project}/storyboards/{storyboard}`."""
    return f"projects/{project}/storyboards/{storyboard}"


def parse_storyboard(name: str) -> tuple[str, str]:
    """(project, storyboard) of a storyboard's name. Raises `InvalidName`."""
    return _parse(name, "storyboards", _ID, "{storyboard}")


def operation_name(project: str, job: str) -> str:
    """`projects/{project}/operations/{job}`."""
    return f"projects/{project}/operations/{job}"


def parse_operation(name: str) -> tuple[str, str]:
    """(project, job) of an operation name. Raises `InvalidName`."""
    return _parse(name, "operations", _OPERATION, "{operation}")


def parse_identity(name: str) -> tuple[str, str]:
    """(project, identity) of an identity's name. Raises `InvalidName`."""
    return _parse(name, "identities", _ID, "{identity}")


def parse_consent_text(name: str) -> str:
    """The project of a consent text's name. Raises `InvalidName`."""
    project, _, end = name.rpartition("/")
    if end != "consentText":
        raise InvalidName(f"{name!r} is not of the form projects/{{project}}/consentText")
    return project_of(project)


def checked_video_id(video_id: str) -> str:
    """The id, if AIP-122 allows it. Raises `InvalidName`."""
    if not re.fullmatch(_ID, video_id):
        raise InvalidName(
            f"{video_id!r} cannot be a video id: use 1 to 63 lower-case letters, digits and "
            "hyphens, beginning with a letter and not ending with a hyphen",
            video_id=video_id,
        )
    return video_id


def checked_request_id(request_id: str) -> str:
    """The request id, if it is short and printable; empty means none."""
    if len(request_id) > MAX_REQUEST_ID or not request_id.isprintable():
        raise InvalidRequest(
            f"the request_id must be at most {MAX_REQUEST_ID} printable characters; a UUID is best",
            field="request_id",
        )
    return request_id


def checked_display_name(display_name: str) -> str:
    """The file name without folders (of either kind of slash) and control characters."""
    name = _CONTROL.sub("", re.split(r"[/\\]", display_name)[-1]).strip()
    return "" if name in {".", ".."} else name[:MAX_DISPLAY_NAME].strip()


def _parse(name: str, collection: str, pattern: str, form: str) -> tuple[str, str]:
    match = re.fullmatch(f"projects/({_PROJECT})/{collection}/({pattern})", name)
    if match is None:
        raise InvalidName(
            f"{name!r} is not of the form projects/{{project}}/{collection}/{form}", name=name
        )
    return match[1], match[2]
