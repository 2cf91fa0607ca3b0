"""Names in requests must be of the caller's own project.

They are found by the messages' descriptors, so later fields and methods follow the same rule.
Nothing is looked up, so an answer does not tell what another project has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.type.v1.artifact_pb2 import Artifact
from songreel_kit.errors import (
    IdentityNotFound,
    MediaNotFound,
    NotFound,
    OperationNotFound,
    PermissionDenied,
    ProjectNotFound,
    StoryboardNotFound,
    UploadNotFound,
    VideoNotFound,
)

_PROSE: Final = frozenset({"display_name", "request_id", "page_token", "filter", "key"})
"""Fields with free text: a file may be called "projects/x/y.mp3"."""

_COLLECTIONS: Final[dict[str, tuple[type[NotFound], str]]] = {
    "media": (MediaNotFound, "there is no media {name}: upload the file first"),
    "uploads": (UploadNotFound, "there is no upload {name}: it may have expired; begin it again"),
    "videos": (VideoNotFound, "there is no video {name}"),
    "storyboards": (StoryboardNotFound, "there is no storyboard {name}"),
    "operations": (OperationNotFound, "there is no operation {name}; it may be deleted"),
    "identities": (IdentityNotFound, "there is no identity {name}"),
}
"""Errors, the same as for a name of the caller's project that does not exist."""

_NAME: Final = re.compile(r"projects/([^/]*)(?:/([^/]*))?")


def check_names(message: Any, project: str) -> None:
    """Raises `NotFound`, of the resource's kind, for a name of any other project."""
    if not isinstance(message, Message):
        return
    for field, text in _texts(message):
        match = _NAME.match(text) if field not in _PROSE else None
        if match is not None and match[1] != project:
            raise _missing(text, match[2] or "")


def check_places(message: Any, allowed: frozenset[str]) -> None:
    """Raises `PermissionDenied` for paths on the render service, artifacts and grants.

    An artifact could be another project's.

    Args:
        message: A request.
        allowed: Paths and ids that every caller may name.
    """
    if not isinstance(message, Message):
        return
    for part in _parts(message):
        if isinstance(part, Artifact):
            raise PermissionDenied(
                "artifacts cannot be named in requests: upload the file and give its media name"
            )
        if isinstance(part, RenderSettings):
            _check_settings(part, allowed)


def _check_settings(settings: RenderSettings, allowed: frozenset[str]) -> None:
    for lora in settings.loras:
        if lora.adapter_sha256 or lora.grant:
            raise PermissionDenied(
                "grants cannot be given in requests: name the person in video.identity, and the "
                "gateway asks for one"
            )
    for path in (settings.checkpoint, *(lora.path for lora in settings.loras)):
        if path and path not in allowed:
            raise PermissionDenied(
                f"{path[:80]!r} is not a checkpoint that this server allows: leave it out, "
                "or ask the operator to add it to allowed_checkpoints"
            )


def _missing(name: str, collection: str) -> NotFound:
    known = _COLLECTIONS.get(collection)
    if known is None:
        return ProjectNotFound(f"there is no project for {name}", name=name)
    error, text = known
    return error(text.format(name=name), name=name)


def _texts(message: Message) -> Iterator[tuple[str, str]]:
    """(field, value) of all strings in a message and its parts."""
    for part in _parts(message):
        for field, value in part.ListFields():
            if field.type != FieldDescriptor.TYPE_STRING:
                continue
            for text in [value] if isinstance(value, str) else value:
                yield field.name, str(text)


def _parts(message: Message) -> Iterator[Message]:
    """The message and all messages in it."""
    yield message
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            continue
        inner = value.values() if hasattr(value, "values") else value
        for each in [inner] if isinstance(inner, Message) else inner:
            if isinstance(each, Message):
                yield from _parts(each)
