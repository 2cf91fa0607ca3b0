"""Settings of the gateway."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from songreel_kit.database.engines import postgres_url

from songreel_gateway.access.settings import AccessSettings


class GatewaySettings(AccessSettings):
    """What the gateway can be told, by `SONGREEL_GATEWAY_...` variables."""

    model_config = SettingsConfigDict(env_prefix="SONGREEL_GATEWAY_", frozen=True, extra="ignore")

    database_url: str = ""
    """SQLAlchemy URL of the database; empty is SQLite in the data folder."""

    audio_target: str = "127.0.0.1:50061"
    """gRPC target of the audio service; used when the gateway is served alone."""

    prompt_target: str = "127.0.0.1:50062"
    """gRPC target of the prompt service."""

    render_target: str = "127.0.0.1:50063"
    """gRPC target of the render service."""

    identity_target: str = "127.0.0.1:50064"
    """gRPC target of the identity service."""

    score_target: str = "127.0.0.1:50065"
    """gRPC target of the score service."""

    web_bind: str = "127.0.0.1:0"
    """Address and port of the page `/enroll`; port 0 takes a free one, empty serves none."""

    web_hosts: str = ""
    """Names, separated by commas, under which browsers may reach the page besides
    `localhost`: the ingress' host, for example."""

    web_sessions: int = Field(default=16, ge=1, le=1000)
    """Browsers that may enrol at once, four of one address; more are refused as busy."""

    web_proxies: int = Field(default=0, ge=0, le=10)
    """Proxies of one's own before the page, such as an ingress, each of which appends to
    X-Forwarded-For. With too few, all browsers count as one address."""

    database_connections: int = Field(default=10, ge=2, le=1000)
    """Connections to Postgres for the gateway's own tables, and as many again for the
    workflow engine's; make sure that Postgres takes those of all replicas."""

    executor_id: str = "local"
    """This replica's name, in logs and in the database. With SQLite it also says whose
    unfinished jobs are taken up at start: those begun under this name."""

    lease_seconds: float = Field(default=10.0, ge=1.0, le=600.0)
    """How long a replica on a shared database may be silent before the others take up
    its jobs."""

    max_open_jobs: int = Field(default=10_000, ge=1)
    """Jobs that may wait or run at once, of all replicas together; more are refused."""

    concurrent_jobs: int = Field(default=100, ge=1, le=1000)
    """Jobs that this process follows at once, those that wait for a stage included; more
    wait in the queue."""

    max_upload_bytes: int = Field(default=512 * 1024 * 1024, ge=1)
    """Largest file that is taken in, in bytes."""

    upload_url_seconds: float = Field(default=3600.0, ge=1.0, le=604_800.0)
    """Life of the URLs to which clients put files straight into the store."""

    unfinished_upload_seconds: float = Field(default=86_400.0, ge=1.0, le=604_800.0)
    """How long such an upload may take before it is given up; until then its size counts
    against the quotas."""

    download_url_seconds: float = Field(default=3600.0, ge=1.0, le=604_800.0)
    """Longest life of the URLs from which clients get files straight from the store."""

    retention_days: int = Field(default=0, ge=0)
    """How long videos and media are kept by projects that have no retention of their own; 0
    is for ever. `songreel-gateway collect` deletes what is older."""

    page_size: int = Field(default=50, ge=1, le=100)
    """Entries on a page when the request names no number; 100 is the most."""

    max_attempts: int = Field(default=20, ge=1)
    """How often a stage is begun for one job, counting the times the process died in
    it; then the job fails instead of killing the process for ever."""

    waiting_age_seconds: float = Field(default=86_400.0, gt=0)
    """Greatest age of a job that waits for a stage that is away or full; an older one fails."""

    retry_seconds: float = Field(default=0.5, gt=0)
    """Wait before a stage that is away is called again; doubled each time, at most 5 s."""

    stall_seconds: float = Field(default=1800.0, gt=0)
    """A stage that sends nothing for so long counts as unreachable."""

    event_seconds: float = Field(default=0.2, gt=0)
    """Least time between two progress events of a job; grows with the job's age."""

    max_events: int = Field(default=4000, ge=100)
    """Events kept for a job at the most; when reached, only milestones are added."""

    poll_seconds: float = Field(default=0.5, gt=0)
    """How often a gateway asks the database for news of the jobs that are watched here:
    one question for all of them."""

    def database(self) -> str:
        """URL of the gateway's own tables."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'songreel.db'}"

    def workflow_database(self) -> str:
        """URL of the workflow engine's tables.

        A file beside the gateway's, so that the two never wait for each other's lock; or
        a schema of the same Postgres database.
        """
        url = self.database_url or f"sqlite:///{self.data.absolute() / 'jobs.db'}"
        return postgres_url(url)
