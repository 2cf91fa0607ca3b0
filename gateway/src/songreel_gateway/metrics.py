"""What the gateway counts for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

JOBS_STARTED = Counter("songreel_jobs_started", "Jobs accepted.", ["kind"])

JOBS_ENDED = Counter("songreel_jobs_ended", "Jobs ended, by how they ended.", ["kind", "state"])

JOBS_RUNNING = Gauge("songreel_jobs_running", "Jobs that this process works on.")

STAGE_SECONDS = Histogram(
    "songreel_stage_seconds",
    "Seconds that a stage of a job took, by how it came out.",
    ["stage", "outcome"],
    buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600),
)

STAGE_RETRIES = Counter(
    "songreel_stage_retries",
    "Calls of a service that were made again, because it was away or full.",
    ["service", "why"],
)

UPLOADED_BYTES = Counter("songreel_uploaded_bytes", "Bytes of uploads that were kept.")
