"""Errors as they travel: `google.rpc.Status` out, typed errors in."""

from __future__ import annotations

import errno
from typing import Any, cast

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from songreel_kit.errors.base import BY_CODE, BY_REASON, SongreelError
from songreel_kit.errors.requests import InvalidRequest
from songreel_kit.errors.servers import InternalError
from songreel_kit.errors.state import DiskFull, QuotaExceeded

DOMAIN = "songreel"
"""`ErrorInfo.domain` of every error in the tree."""

_STATUS_KEY = "grpc-status-details-bin"

# gRPC takes 8 KiB of trailing metadata, beyond that the client sees an error about
# metadata instead of the real one. The message travels twice, percent-encoded
# (three bytes for each byte that is no printable ASCII, and for "%") and in base64
# inside the status: at most 1600 + 2133 or 2700 + 1200 bytes. The facts take at
# most 2560 more, a QuotaFailure 400.
_PLAIN_MESSAGE_BYTES = 1600
_MESSAGE_BYTES = 900
_FACTS = 8
_FACT_BYTES = 200
_FACT_NAME_BYTES = 40
# A BadRequest takes at most 8 * 280 bytes more, in base64 3000; an error with several
# violations has a shorter message and hardly any facts.
_VIOLATIONS = 8
_FIELD_BYTES = 80


def to_status(error: SongreelError, request_id: str = "") -> status_pb2.Status:
    """The error as it travels.

    Code, message and ErrorInfo, where known also RetryInfo, BadRequest, QuotaFailure and
    RequestInfo. Texts
    too long for gRPC's metadata are cut.
    """
    details: list[any_pb2.Any] = []
    _pack(
        details,
        error_details_pb2.ErrorInfo(
            reason=error.reason,
            domain=DOMAIN,
            metadata={
                _cut(key, _FACT_NAME_BYTES): _cut(value, _FACT_BYTES)
                for key, value in list(error.metadata.items())[:_FACTS]
            },
        ),
    )
    if error.retry_seconds is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(round(error.retry_seconds * 1e9))
        _pack(details, error_details_pb2.RetryInfo(retry_delay=delay))
    if isinstance(error, InvalidRequest) and (named := error.named()):
        _pack(details, _bad_request(named))
    if isinstance(error, QuotaExceeded):
        _pack(details, _quota_failure(error))
    if request_id:
        _pack(details, error_details_pb2.RequestInfo(request_id=request_id))
    code = cast("tuple[int, str]", error.code.value)[0]
    plain = all(" " <= each <= "~" and each != "%" for each in error.message)
    several = isinstance(error, InvalidRequest) and bool(error.violations)
    limit = _PLAIN_MESSAGE_BYTES if plain and not several else _MESSAGE_BYTES
    return status_pb2.Status(code=code, message=_cut(error.message, limit), details=details)


def from_status(status: status_pb2.Status) -> SongreelError:
    """The error that a status stands for.

    Of the class with its reason, else of the general class of its code. Reasons of
    other domains count as unknown.
    """
    info = error_details_pb2.ErrorInfo()
    retry = error_details_pb2.RetryInfo()
    bad = error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(retry)
        detail.Unpack(bad)
    code = _CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    general = BY_CODE.get(code, _ODD_CODES.get(code, InternalError))
    known = BY_REASON.get(info.reason) if info.domain == DOMAIN else None
    cls = known if known is not None and known.code == code else general
    error = cls(status.message or f"the server answered {code.name} without a message")
    error.metadata.update(info.metadata)
    if isinstance(error, InvalidRequest) and len(bad.field_violations) > 1:
        error.violations = tuple((each.field, each.description) for each in bad.field_violations)
    if retry.HasField("retry_delay"):
        error.retry_seconds = retry.retry_delay.ToNanoseconds() / 1e9
    return error


def from_rpc_error(error: grpc.RpcError) -> SongreelError:
    """The error that a failed call stands for.

    Takes what grpc and grpc.aio raise; a call that failed before it reached any
    server (no rich status) becomes the general class of its code.
    """
    call = cast("grpc.Call", error)
    code = call.code()
    details = cast("str | None", call.details()) or ""
    for key, value in cast("Any", call.trailing_metadata()) or ():
        if key == _STATUS_KEY:
            status = status_pb2.Status.FromString(value)
            if status.code == cast("tuple[int, str]", code.value)[0]:
                return from_status(status)
    return from_status(
        status_pb2.Status(code=cast("tuple[int, str]", code.value)[0], message=details)
    )


def from_os_error(error: OSError) -> SongreelError | None:
    """`DiskFull` when the error says that disk or quota is full, else None."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    where = f" while writing {error.filename}" if error.filename else ""
    return DiskFull(f"the disk is full{where}: free some space and ask again")


def _bad_request(named: tuple[tuple[str, str], ...]) -> error_details_pb2.BadRequest:
    return error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(
                field=_cut(field, _FIELD_BYTES), description=_cut(text, _FACT_BYTES)
            )
            for field, text in named[:_VIOLATIONS]
        ]
    )


def _quota_failure(error: QuotaExceeded) -> error_details_pb2.QuotaFailure:
    facts = error.metadata
    violation = error_details_pb2.QuotaFailure.Violation(
        subject=f"projects/{facts.get('project', '')}",
        description=_cut(error.message, _FACT_BYTES),
        quota_metric=f"{DOMAIN}/{facts.get('quota', '')}",
    )
    if facts.get("limit", "").isdecimal():
        violation.quota_value = int(facts["limit"])
    return error_details_pb2.QuotaFailure(violations=[violation])


def _pack(details: list[any_pb2.Any], message: Any) -> None:
    packed = any_pb2.Any()
    packed.Pack(message)
    details.append(packed)


def _cut(text: str, limit: int) -> str:
    # File names may hold bytes that are no UTF-8 (surrogates in Python).
    data = str(text).encode("utf-8", "replace")
    if len(data) > limit:
        data = data[: limit - 3] + b"..."
    # A character that was cut in the middle is left out.
    return data.decode("utf-8", "ignore")


_CODES: dict[int, grpc.StatusCode] = {
    cast("tuple[int, str]", code.value)[0]: code for code in grpc.StatusCode
}

_ODD_CODES: dict[grpc.StatusCode, type[SongreelError]] = {
    # Codes that no songreel server sends by itself.
    grpc.StatusCode.OUT_OF_RANGE: InvalidRequest,
}
