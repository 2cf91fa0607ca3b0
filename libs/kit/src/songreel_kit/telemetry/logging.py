"""Logs (structlog, to stderr) and the names under which calls are logged."""

from __future__ import annotations

import logging
import sys
from typing import Any, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from songreel_kit.telemetry.tracing import log_fields

# Libraries that say at INFO what only their authors want to know.
_QUIET = (
    "asyncio",
    "botocore",
    "dbos",
    "diffusers",
    "grpc",
    "httpcore",
    "httpx",
    "libav",
    "matplotlib",
    "numba",
    "opentelemetry",
    "PIL",
    "torch",
    "transformers",
    "urllib3",
)


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.update(log_fields())
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    _add_trace,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _configure_structlog() -> None:
    # Everything goes through the standard library's logging, so that there is
    # one place (the root handler) that decides where lines go. Before
    # `configure_logging` only warnings appear, on stderr.
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger: `log.info("what happened", key=value)`."""
    if not structlog.is_configured():
        _configure_structlog()
    return cast("FilteringBoundLogger", structlog.stdlib.get_logger(name))


def configure_logging(*, json: bool | None = None, level: str = "INFO") -> None:
    """Sends all logs to stderr: as JSON lines, or for eyes when stderr is a terminal.

    `json` forces one or the other. Standard-library loggers of third parties get
    the same form and are quiet below WARNING. May be called again.
    """
    _configure_structlog()
    as_json = not sys.stderr.isatty() if json is None else json
    tail: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def bind_context(**values: Any) -> None:
    """Adds to every log line of the running task and what it starts, e.g. `job_id`."""
    structlog.contextvars.bind_contextvars(**values)
