"""Field masks: which fields an answer has (AIP-157) and which an update changes (AIP-134).

What a path means is `google.protobuf.FieldMask`'s own matter: it goes through fields that
are single messages; a list is named whole.
"""

from __future__ import annotations

from typing import TypeVar, cast

from google.protobuf.descriptor import Descriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from songreel_kit.errors import InvalidRequest

M = TypeVar("M", bound=Message)

ALL = "*"

_LONGEST_SHOWN = 80


def checked_read_mask(mask: FieldMask, kind: type[Message]) -> FieldMask:
    """The mask of an answer of this kind; empty, as `*` is, for all of it.

    Raises `InvalidRequest` naming the path that the kind does not have.
    """
    for path in mask.paths:
        if path != ALL:
            _check_path(path, kind, "read_mask")
    return FieldMask() if ALL in mask.paths else mask


def only(message: M, mask: FieldMask) -> M:
    """The fields of the message that a checked read mask wants."""
    if not mask.paths:
        return message
    wanted = type(message)()
    mask.MergeMessage(message, wanted)
    return wanted


def checked_update_mask(mask: FieldMask, given: Message, editable: FieldMask) -> FieldMask:
    """What an update with this mask changes.

    Args:
        mask: As it came: `*` is all that is editable, empty what is editable and given.
        given: The resource in the request.
        editable: Paths of all that callers may change.

    Raises:
        InvalidRequest: A path is none of the resource's, or not for callers to change; or
            nothing is to be changed.
    """
    changing = FieldMask()
    if ALL in mask.paths:
        changing.MergeFrom(editable)
    for path in mask.paths:
        if path == ALL:
            continue
        _check_path(path, type(given), "update_mask")
        part = FieldMask()
        part.Intersect(FieldMask(paths=[path]), editable)
        if not part.paths:
            raise InvalidRequest(
                f"{path} in update_mask is output only: change {', '.join(editable.paths)}",
                field="update_mask",
                path=path,
            )
        changing.Union(changing, part)
    if not mask.paths:
        changing.paths.extend(path for path in editable.paths if _is_given(given, path))
        if not changing.paths:
            raise InvalidRequest(
                "nothing is to be changed: name the fields in update_mask, of "
                f"{', '.join(editable.paths)}",
                field="update_mask",
            )
    return changing


def merged(present: M, given: M, changing: FieldMask) -> M:
    """The present resource with the fields of a checked update mask as they are given."""
    result, source = type(present)(), type(given)()
    result.CopyFrom(present)
    source.CopyFrom(given)
    for path in changing.paths:
        # `MergeMessage` passes by a field whose parent is not given; it is to become empty.
        for message in _parents(source, path):
            message.SetInParent()
    changing.MergeMessage(source, result, True, True)
    return result


def _check_path(path: str, kind: type[Message], field: str) -> None:
    descriptor = cast("Descriptor", kind.DESCRIPTOR)
    if not FieldMask(paths=[path]).IsValidForDescriptor(descriptor):
        shown = path[:_LONGEST_SHOWN]
        raise InvalidRequest(
            f"{shown!r} in {field} is no field of {descriptor.name}: name its fields, and "
            "those of messages in it with a dot; a list can only be named whole",
            field=field,
            path=shown,
        )


def _parents(message: Message, path: str) -> list[Message]:
    found: list[Message] = []
    for name in path.split(".")[:-1]:
        message = cast("Message", getattr(message, name))
        found.append(message)
    return found


def _is_given(message: Message, path: str) -> bool:
    *parents, last = path.split(".")
    for name in parents:
        if not message.HasField(name):
            return False
        message = cast("Message", getattr(message, name))
    return last in {field.name for field, _ in message.ListFields()}
