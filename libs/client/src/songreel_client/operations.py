"""What an operation says of its job."""

from __future__ import annotations

from typing import TypeVar

from google.longrunning.operations_pb2 import Operation
from google.protobuf.message import Message
from songreel.v1.video_service_pb2 import JobMetadata
from songreel_kit.errors import DataLoss, OperationNotDone, from_status

M = TypeVar("M", bound=Message)


def metadata_of(operation: Operation) -> JobMetadata:
    """Where the operation's job is."""
    metadata = JobMetadata()
    operation.metadata.Unpack(metadata)
    return metadata


def failed(operation: Operation) -> bool:
    """Whether the job has ended without a result, cancelled ones included."""
    return operation.done and operation.WhichOneof("result") == "error"


def result_of(operation: Operation, kind: type[M]) -> M:
    """What an operation has made.

    Raises:
        SongreelError: The job's own error.
        OperationNotDone: It is still at work.
        DataLoss: It made something else.
    """
    if failed(operation):
        raise from_status(operation.error)
    if not operation.done:
        raise OperationNotDone(f"{operation.name} is still at work: wait for it")
    result = kind()
    if not operation.response.Unpack(result):
        raise DataLoss(
            f"{operation.name} ended with {operation.response.type_url or 'nothing'},"
            f" not with a {kind.DESCRIPTOR.full_name}; the server may be of another version"
        )
    return result
