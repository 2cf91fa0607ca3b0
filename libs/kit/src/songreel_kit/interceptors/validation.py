"""What holds for every message of songreel's API, checked before a handler sees it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from songreel.type.v1.artifact_pb2 import Artifact

from songreel_kit.artifacts.store import digest_of
from songreel_kit.errors import InvalidRequest
from songreel_kit.interceptors.chain import Call, Interceptor

_FLOATS = (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT)


def check_message(message: Any) -> None:
    """Checks a message of songreel's API; those of other packages pass.

    Raises `InvalidRequest` when an artifact reference in it is malformed or a number
    is NaN or infinite.
    """
    if isinstance(message, Message) and message.DESCRIPTOR.full_name.startswith("songreel."):
        _check(message, path="")


def _check(message: Message, path: str) -> None:
    if isinstance(message, Artifact):
        _check_artifact(message, path)
    for field, value in message.ListFields():
        name = f"{path}.{field.name}" if path else field.name
        if field.type in _FLOATS:
            for number in _each(field, value):
                if not math.isfinite(number):
                    raise InvalidRequest(f"{name} must be a finite number", field=name)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for part in _each(field, value):
                if isinstance(part, Message):
                    _check(part, name)


def _check_artifact(artifact: Artifact, path: str) -> None:
    if artifact.size < 0:
        raise InvalidRequest(f"{path}.size must not be negative", field=path)
    # An empty reference means "none"; whether one is needed is the handler's to say.
    if artifact.sha256 or artifact.uri:
        try:
            digest_of(artifact)
        except InvalidRequest as error:
            raise InvalidRequest(
                f"{path}: {error.message}", **{**error.metadata, "field": path}
            ) from error


def _each(field: FieldDescriptor, value: Any) -> Iterator[Any]:
    # Containers of the C implementation have no `__iter__`, and are iterable.
    if not cast("Any", field).is_repeated:
        yield value
    elif hasattr(value, "values"):  # a map; its keys are of no interest here
        yield from value.values()
    else:
        yield from value


class Validation(Interceptor):
    """Checks what holds for every songreel request.

    Artifact references are well formed, numbers are finite.
    """

    def check(self, call: Call, request: Any) -> None:
        """Raises `InvalidRequest`."""
        check_message(request)
