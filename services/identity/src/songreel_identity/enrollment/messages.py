"""Events and outcomes as messages."""

from __future__ import annotations

from songreel.identity.v1 import identity_service_pb2 as pb

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
)

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


def event_message(event: Event) -> pb.EnrollResponse:
    """The event as it goes to the client."""
    match event:
        case Prompt():
            return pb.EnrollResponse(
                prompt=pb.ActionPrompt(
                    action=event.action,
                    text=event.text,
                    seconds=event.seconds,
                    step=event.step,
                    steps=event.steps,
                    again=event.again,
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
            return pb.EnrollResponse(outcome=outcome_message(event, ""))


def outcome_message(outcome: Outcome, pictures_sha256: str) -> pb.EnrollOutcome:
    """The verdict, its reason, and what to do."""
    return pb.EnrollOutcome(
        verdict=_VERDICTS[outcome.verdict],
        reason=outcome.reason,
        advice=outcome.advice,
        pictures_sha256=pictures_sha256,
    )
