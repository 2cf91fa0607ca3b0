"""Every error arrives at the client as what it was."""

from __future__ import annotations

import errno
import pickle
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit import errors
from songreel_kit.errors import (
    Busy,
    DiskFull,
    InternalError,
    InvalidRequest,
    NotAudio,
    NotFound,
    ServiceUnavailable,
    SongreelError,
    from_os_error,
    from_rpc_error,
    from_status,
    to_status,
)
from songreel_testing.serving import expect_error

ALL = sorted(
    (
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, SongreelError)
    ),
    key=lambda cls: cls.__name__,
)
CONCRETE = [cls for cls in ALL if cls is not SongreelError]


def test_reasons_are_upper_snake_and_belong_to_one_class_each() -> None:
    reasons = [cls.reason for cls in CONCRETE]
    assert len(set(reasons)) == len(reasons)
    assert NotAudio.reason == "NOT_AUDIO"
    assert InternalError.reason == "INTERNAL"
    assert all(reason == reason.upper() and " " not in reason for reason in reasons)


def test_the_tree_in_the_docstring_names_every_class() -> None:
    assert [cls.__name__ for cls in ALL if cls.__name__ not in (errors.__doc__ or "")] == []


@pytest.mark.parametrize("cls", CONCRETE, ids=lambda cls: cls.__name__)
async def test_round_trips_through_a_real_server(cls: type[SongreelError], probing: Any) -> None:
    async def fail(request: Progress, context: Any) -> Progress:
        raise cls("the tape is torn: splice it", reel="7", side="b")

    async with probing(unary_unary=fail) as probe:
        with expect_error(cls) as caught:
            await probe.unary_unary(Progress())
    assert caught.message == "the tape is torn: splice it"
    assert caught.error.metadata == {"reel": "7", "side": "b"}
    assert caught.error.retry_seconds == cls.retry_seconds


@given(
    cls=st.sampled_from(CONCRETE),
    message=st.text(min_size=1, max_size=200),
    metadata=st.dictionaries(
        st.from_regex(r"[a-z_]{1,20}", fullmatch=True).filter(
            lambda key: key not in ("message", "self")
        ),
        st.text(max_size=50),
        max_size=4,
    ),
)
def test_status_keeps_everything(
    cls: type[SongreelError], message: str, metadata: dict[str, str]
) -> None:
    error = from_status(
        status_pb2.Status.FromString(to_status(cls(message, **metadata)).SerializeToString())
    )
    assert type(error) is cls
    assert error.message == message
    assert error.metadata == metadata


@pytest.mark.parametrize("letter", ["a", "\u266b", "\U0001f3b5", "%", "\n"])
async def test_a_very_long_message_is_cut_and_still_arrives(probing: Any, letter: str) -> None:
    async def fail(request: Progress, context: Any) -> Progress:
        raise NotAudio(letter * 100_000, **{f"key{i}": letter * 5000 for i in range(50)})

    async with probing(unary_unary=fail) as probe:
        with expect_error(NotAudio) as caught:
            await probe.unary_unary(Progress())
    assert caught.message.startswith(letter * 100)
    assert caught.message.endswith("...")


async def test_a_file_name_that_is_no_utf8_arrives_readable(probing: Any) -> None:
    name = b"s\xf6ng.mp3".decode("utf-8", "surrogateescape")

    async def fail(request: Progress, context: Any) -> Progress:
        raise NotAudio(f"{name} is not audio", file=name)

    async with probing(unary_unary=fail) as probe:
        with expect_error(NotAudio) as caught:
            await probe.unary_unary(Progress())
    assert caught.message == "s?ng.mp3 is not audio"


def test_an_unknown_reason_becomes_the_class_of_its_code() -> None:
    status = status_pb2.Status(code=grpc.StatusCode.NOT_FOUND.value[0], message="gone")
    info = error_details_pb2.ErrorInfo(reason="LOST_IN_TRANSIT", domain="songreel")
    status.details.add().Pack(info)
    assert type(from_status(status)) is NotFound


def test_a_reason_of_another_domain_is_not_ours() -> None:
    status = status_pb2.Status(code=grpc.StatusCode.INVALID_ARGUMENT.value[0], message="no")
    info = error_details_pb2.ErrorInfo(reason="NOT_AUDIO", domain="example.com")
    status.details.add().Pack(info)
    assert type(from_status(status)) is InvalidRequest


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.value[0] != 0])
def test_every_code_of_grpc_has_a_class(code: grpc.StatusCode) -> None:
    error = from_status(status_pb2.Status(code=code.value[0]))
    assert isinstance(error, SongreelError)
    assert type(error) is not SongreelError
    assert error.message


async def test_no_server_at_all_is_service_unavailable() -> None:
    # Port 9 (discard) on the loopback interface: nothing listens there.
    async with grpc.aio.insecure_channel("127.0.0.1:9") as channel:
        with pytest.raises(grpc.RpcError) as failed:
            await channel.unary_unary("/a/b")(b"")
    error = from_rpc_error(failed.value)
    assert type(error) is ServiceUnavailable
    assert "127.0.0.1" in error.message


def test_retry_time_travels() -> None:
    busy = Busy("two renders are under way")
    busy.retry_seconds = 2.5
    assert from_status(to_status(busy)).retry_seconds == 2.5


def test_only_a_full_disk_is_a_full_disk() -> None:
    assert type(from_os_error(OSError(errno.ENOSPC, "x", "/music/a.mp3"))) is DiskFull
    assert type(from_os_error(OSError(errno.EDQUOT, "x"))) is DiskFull
    assert from_os_error(OSError(errno.EACCES, "x")) is None


def test_errors_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(NotAudio("no audio", file="a.txt")))
    assert (type(error), error.message, error.metadata) == (
        NotAudio,
        "no audio",
        {"file": "a.txt"},
    )
