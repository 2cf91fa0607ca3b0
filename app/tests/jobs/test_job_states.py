"""How `songreel jobs` calls the state of a job."""

from __future__ import annotations

import pytest
from google.longrunning.operations_pb2 import Operation
from songreel.v1.video_service_pb2 import JobMetadata
from songreel_app.jobs.following import state_of


@pytest.mark.parametrize(
    ("metadata", "state"),
    [
        (JobMetadata(stage="queued"), "waiting"),
        (JobMetadata(stage="render", waiting_for="render"), "waiting"),
        (JobMetadata(stage="render", step="frames"), "running"),
    ],
)
def test_a_job_that_waits_for_a_service_waits(metadata: JobMetadata, state: str) -> None:
    operation = Operation()
    operation.metadata.Pack(metadata)
    assert state_of(operation) == state
