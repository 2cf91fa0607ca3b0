"""Puts the identity service together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from random import Random
from secrets import SystemRandom

import grpc.aio
from songreel.identity.v1.identity_service_pb2_grpc import add_IdentityServiceServicer_to_server
from songreel_kit.server.service import Service
from songreel_kit.telemetry.logging import get_logger

from songreel_identity.enrollment.lockout import TryLimits
from songreel_identity.enrollment.sessions import EnrollmentSessions
from songreel_identity.enrollment.stream import EnrollmentStream
from songreel_identity.faces.mediapipe_tracker import MediaPipeTracker, Tracker
from songreel_identity.grants import Grants
from songreel_identity.servicer import IdentityServicer
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.jobs import TrainingJobs
from songreel_identity.vault.consent import current_text
from songreel_identity.vault.database import open_database
from songreel_identity.vault.keys import FileKeys, signing_key
from songreel_identity.vault.vault import Vault

NAME = "songreel.identity.v1.IdentityService"

_log = get_logger(__name__)


def open_vault(settings: IdentitySettings) -> Vault:
    """The vault that the settings name. Raises `VaultUnusable`."""
    keys = FileKeys(settings.keys / "vault-keys.json")
    vault = Vault(
        open_database(settings.database),
        keys,
        current_text(),
        retention_days=settings.retention_days,
    )
    if rewrapped := vault.rewrap():
        _log.info("data keys are wrapped by their people's keys now", objects=rewrapped)
    return vault


def create_service(
    settings: IdentitySettings,
    *,
    new_tracker: Callable[[], Tracker] = MediaPipeTracker,
    random: Callable[[], Random] = SystemRandom,
) -> Service:
    """The service, ready to be served. Raises `VaultUnusable`."""
    vault = open_vault(settings)
    sessions = EnrollmentSessions(
        vault,
        limits=TryLimits(
            settings.liveness.tries,
            settings.project_tries,
            round(settings.lockout_hours * 3_600_000_000),
        ),
    )
    stream = EnrollmentStream(
        sessions,
        settings.liveness,
        max_sessions=settings.max_sessions,
        stall_seconds=settings.stall_seconds,
        new_tracker=new_tracker,
        random=random,
    )
    grants = Grants(vault, signing_key(settings.keys / "grant-key.pem"))
    training_jobs = TrainingJobs(vault, settings)
    servicer = IdentityServicer(settings, vault, sessions, grants, stream, training_jobs)
    retention: list[asyncio.Task[None]] = []

    def add_to_server(server: grpc.aio.Server) -> None:
        add_IdentityServiceServicer_to_server(servicer, server)
        erasing = _erase_expired(vault, sessions, settings.sweep_seconds)
        retention.append(asyncio.get_running_loop().create_task(erasing))

    async def close() -> None:
        for task in retention:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(training_jobs.close)
        vault.database.close()

    return Service(NAME, add_to_server, close)


async def _erase_expired(vault: Vault, sessions: EnrollmentSessions, every_seconds: float) -> None:
    while True:
        try:
            for erasure in await asyncio.to_thread(vault.expire):
                _log.info("erased at the end of its retention", subject=erasure.subject)
            await asyncio.to_thread(sessions.forget_old_tries)
        except Exception as error:
            _log.error("erasing expired identities failed", error=repr(error))
        await asyncio.sleep(every_seconds)
