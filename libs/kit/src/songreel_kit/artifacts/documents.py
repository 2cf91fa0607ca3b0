"""Documents that stages hand on, and the keys under which results are found again."""

from __future__ import annotations

import hashlib
import json
from typing import TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message
from songreel.type.v1.artifact_pb2 import Artifact

from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import InvalidRequest

M = TypeVar("M", bound=Message)

MEDIA_TYPE = "application/json"

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
"""Larger documents are refused; the analysis of a three-hour song has about 20 MB."""


def document_text(message: Message) -> str:
    """The message as protobuf JSON for people.

    Field names are kept, fields come in the order of the proto, defaults are left
    out. Equal messages give equal text (map fields, whose order is not fixed, are
    not for documents).
    """
    content = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def parse_document(
    data: bytes, message_type: type[M], *, error: type[InvalidRequest] = InvalidRequest
) -> M:
    """Reads what `document_text` wrote or a person edited; `error` says what is wrong."""
    name = message_type.DESCRIPTOR.name
    if len(data) > MAX_DOCUMENT_BYTES:
        raise error(
            f"the {name} document has {len(data)} bytes; at most {MAX_DOCUMENT_BYTES} are read",
            document=name,
        )
    try:
        text = data.decode("utf-8")
        if not text.lstrip().startswith("{"):
            # protobuf's parser takes an empty list for an empty message
            raise json_format.ParseError("it does not begin with '{'")
        return json_format.Parse(text, message_type())
    except (json_format.ParseError, UnicodeDecodeError, RecursionError) as problem:
        raise error(
            f"this is not a {name} document (protobuf JSON): {problem}", document=name
        ) from problem


def store_document(store: ArtifactStore, message: Message) -> Artifact:
    """Stores a message as a readable document; equal messages are one artifact."""
    return store.put_bytes(document_text(message).encode("utf-8"), MEDIA_TYPE)


def load_document(
    store: ArtifactStore,
    artifact: Artifact,
    message_type: type[M],
    *,
    error: type[InvalidRequest] = InvalidRequest,
) -> M:
    """Loads a document.

    Raises `error` when it is none of this type, and `ArtifactNotFound` or
    `ArtifactCorrupt` as the store does.
    """
    return parse_document(store.read_bytes(artifact), message_type, error=error)


def stage_key(stage: str, version: str, *parts: str | bytes | Message) -> str:
    """Key of a stage's result: a SHA-256 in hex over everything that decides it.

    Parts are tagged with their type and prefixed with their length, so that no
    two different lists of parts have the same key.
    """
    digest = hashlib.sha256()
    for tag, data in [_tagged(stage), _tagged(version), *map(_tagged, parts)]:
        for piece in (tag, data):
            digest.update(len(piece).to_bytes(8, "big"))
            digest.update(piece)
    return digest.hexdigest()


def _tagged(part: str | bytes | Message) -> tuple[bytes, bytes]:
    if isinstance(part, str):
        return b"text", part.encode("utf-8")
    if isinstance(part, bytes):
        return b"bytes", part
    return part.DESCRIPTOR.full_name.encode(), part.SerializeToString(deterministic=True)
