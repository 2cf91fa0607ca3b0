"""The root of the error tree; `songreel_kit.errors` draws it and is where to import from."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import grpc


class SongreelError(Exception):
    """Root of the tree.

    `message` says what was wrong and what to do; `metadata` holds the facts a
    program would want (names, limits, values).
    """

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNKNOWN
    reason: ClassVar[str] = "UNKNOWN"

    retry_seconds: float | None = None
    """When it is worth asking again, in seconds; None when time alone mends nothing."""

    def __init__(self, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.message = message
        self.metadata: dict[str, str] = metadata

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "reason" not in cls.__dict__:
            cls.reason = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()
        BY_REASON[cls.reason] = cls
        # The first class of a code is the general one: bases are defined before
        # the classes derived from them.
        BY_CODE.setdefault(cls.code, cls)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Keeps the metadata when an error crosses a process or a job's database.
        return _rebuild, (type(self), self.message, self.metadata)


BY_REASON: dict[str, type[SongreelError]] = {}
"""Every class by its reason."""

BY_CODE: dict[grpc.StatusCode, type[SongreelError]] = {}
"""The general class of each code."""


def _rebuild(cls: type[SongreelError], message: str, metadata: dict[str, str]) -> SongreelError:
    return cls(message, **metadata)
