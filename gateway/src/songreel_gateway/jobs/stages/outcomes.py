"""Outcomes of stages: plain JSON, protobuf JSON of the services' results.

The workflow engine stores them, and whatever version of the code runs next reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)

Outcome = Mapping[str, Any]

Outcomes = Mapping[str, Outcome]
"""Stage -> its outcome."""


def plain(message: Message) -> dict[str, Any]:
    """The message as protobuf JSON."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def parsed(outcome: Outcome, message_type: type[M]) -> M:
    """The message in a stage's outcome; what a newer version added is left out."""
    return json_format.ParseDict(dict(outcome), message_type(), ignore_unknown_fields=True)
