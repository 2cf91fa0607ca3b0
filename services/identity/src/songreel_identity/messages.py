"""Between what the service computes and the messages of `songreel.identity.v1`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from songreel.identity.v1 import identity_service_pb2 as pb
from songreel_kit.errors import InvalidRequest
from songreel_kit.likeness.adapters import phrase_of

from songreel_identity.enrollment.frame_queue import CameraFrame, ClientMessage, EnrollmentStart
from songreel_identity.enrollment.stream import EnrollmentResult
from songreel_identity.likeness_metrics import Likeness
from songreel_identity.liveness.protocol import (
    ADVICE,
    DotTarget,
    Event,
    Guidance,
    Outcome,
    Prompt,
    Reason,
    ScreenLight,
    Verdict,
    parse_ways,
)
from songreel_identity.training.jobs import TrainingResult
from songreel_identity.vault.queries import IdentitySummary

_VERDICTS = {
    Verdict.PASS: pb.EnrollOutcome.VERDICT_PASS,
    Verdict.FAIL: pb.EnrollOutcome.VERDICT_FAIL,
    Verdict.INCONCLUSIVE: pb.EnrollOutcome.VERDICT_INCONCLUSIVE,
}
_COLOURS = {
    -1: pb.ScreenLight.COLOUR_BLUE,
    0: pb.ScreenLight.COLOUR_NONE,
    1: pb.ScreenLight.COLOUR_AMBER,
}


async def client_messages(
    requests: AsyncIterator[pb.EnrollRequest],
) -> AsyncIterator[ClientMessage]:
    """What a client sends in an enrolment. Raises `InvalidRequest`."""
    async for request in requests:
        match request.WhichOneof("event"):
            case "start":
                start = request.start
                yield EnrollmentStart(start.nonce, parse_ways(start.ways), start.identity)
            case "frame":
                yield CameraFrame(request.frame.jpeg, request.frame.capture_ms)
            case _:
                raise InvalidRequest("every message must hold `start` or `frame`")


def enrollment_message(event: Event | EnrollmentResult) -> pb.EnrollResponse:
    """What a client is told in an enrolment."""
    match event:
        case Prompt():
            return pb.EnrollResponse(
                prompt=pb.ActionPrompt(
                    action=event.action,
                    text=event.action.text,
                    seconds=event.seconds,
                    step=event.step,
                    steps=event.steps,
                    again=event.again,
                    hints=[pb.ProgressHint(**asdict(hint)) for hint in event.action.hints],
                )
            )
        case Guidance():
            text = "" if event.reason is Reason.OK else ADVICE[event.reason]
            guidance = pb.Guidance(reason=event.reason, text=text, progress=event.progress)
            return pb.EnrollResponse(guidance=guidance)
        case DotTarget():
            return pb.EnrollResponse(dot=pb.DotTarget(x=event.x, y=event.y))
        case ScreenLight():
            return pb.EnrollResponse(light=pb.ScreenLight(colour=_COLOURS[event.colour]))
        case Outcome():
            return pb.EnrollResponse(outcome=_outcome(event, ""))
        case EnrollmentResult():
            return pb.EnrollResponse(outcome=_outcome(event.outcome, event.pictures_sha256))


def _outcome(outcome: Outcome, pictures_sha256: str) -> pb.EnrollOutcome:
    return pb.EnrollOutcome(
        verdict=_VERDICTS[outcome.verdict],
        reason=outcome.reason,
        advice=outcome.advice,
        pictures_sha256=pictures_sha256,
    )


def identity_message(summary: IdentitySummary) -> pb.GetIdentityResponse:
    """What may be told of an identity."""
    state = pb.GetIdentityResponse.STATE_WITHDRAWN
    if summary.consent_version:
        state = (
            pb.GetIdentityResponse.STATE_ENROLLED
            if summary.pictures
            else pb.GetIdentityResponse.STATE_CONSENTED
        )
    message = pb.GetIdentityResponse(
        identity=summary.name,
        state=state,
        consent_version=summary.consent_version,
        pictures=summary.pictures,
        adapter_sha256=summary.adapters,
    )
    message.create_time.FromMicroseconds(summary.created)
    message.expire_time.FromMicroseconds(summary.expires)
    return message


def training_message(result: TrainingResult) -> pb.TrainAdapterResult:
    """An adapter, and how well it shows the person."""
    head = result.head
    measured: dict[str, Any] = json.loads(head.measured)
    best, base = measured["best"], measured["base"]
    return pb.TrainAdapterResult(
        adapter_sha256=result.adapter_sha256,
        checkpoint_sha256=head.checkpoint_sha256,
        pictures_sha256=head.pictures_sha256,
        phrase=phrase_of(head.noun),
        step=head.step,
        steps=measured["steps"],
        face_share=best["faces"],
        match_share=best["matches"],
        distance=best["distance"],
        base_face_share=base["faces"],
        base_match_share=base["matches"],
        base_distance=base["distance"],
        seconds=result.seconds,
        reused=result.reused,
        resumed_from=result.resumed_from,
        notes=measured["notes"],
    )


def likeness_message(likeness: Likeness) -> pb.MeasureLikenessResponse:
    """How often the person and the impostors are recognised."""
    return pb.MeasureLikenessResponse(
        pictures=likeness.pictures,
        faces=likeness.faces,
        matches=likeness.matches,
        distance=likeness.distance,
        impostors=[
            pb.ImpostorLikeness(
                name=each.name,
                matches=each.matches,
                distance=each.distance,
                enrolled_distance=each.enrolled_distance,
            )
            for each in likeness.impostors
        ],
    )
