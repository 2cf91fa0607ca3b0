"""Calibration: two seconds of a still face, straight ahead: the neutral face."""

from __future__ import annotations

import numpy as np

from songreel_identity.faces.landmarks import FaceLandmarks, FrameMeasurements
from songreel_identity.liveness.actions import Action
from songreel_identity.liveness.protocol import Event, Reason
from songreel_identity.liveness.steps import Inconclusive, NeutralFace, Passed, TimedStep, guidance
from songreel_identity.liveness.thresholds import Thresholds


class Calibration(TimedStep):
    """Collects the neutral face."""

    def __init__(self, thresholds: Thresholds, extra: float = 0.0) -> None:
        super().__init__(Action.CALIBRATE, thresholds.calibrate_limit + extra)
        self._thresholds = thresholds
        self._seen: list[FrameMeasurements] = []
        self._hint = Reason.NO_FACE
        self.neutral: NeutralFace | None = None

    def process_frame(self, measurements: FrameMeasurements) -> list[Event]:
        """Starts over whenever the face is not fit to be measured."""
        face = measurements.face
        if face is None or self.result is not None:
            return []
        self._hint = self._fault(face)
        if self._hint is not Reason.OK:
            self._seen.clear()
            return guidance(0.0, self._hint)
        self._seen.append(measurements)
        span = measurements.at - self._seen[0].at
        if span < self._thresholds.calibrate_seconds:
            return guidance(span / self._thresholds.calibrate_seconds)
        # A blink or a blurred moment should not be the neutral picture.
        openness = np.median([each.face.eyes_open for each in self._seen if each.face])
        fit = [r for r in self._seen if r.face and r.face.eyes_open >= 0.9 * openness]
        self.neutral = NeutralFace(_median([each.face for each in self._seen if each.face]))
        self.result = Passed(max(fit, key=lambda each: each.sharpness).frame)
        return guidance(1.0)

    @property
    def frames(self) -> set[int]:
        """Frames that may become the neutral still."""
        return {each.frame for each in self._seen}

    def tick(self, now: float) -> list[Event]:
        """Ends inconclusively when the face was not fit to be measured in time."""
        if self.result is None and now - self.started > self.seconds:
            reason = Reason.UNSTEADY if self._hint is Reason.OK else self._hint
            self.result = Inconclusive(reason)
        return []

    def _fault(self, face: FaceLandmarks) -> Reason:
        limits = self._thresholds
        if face.eye_px < limits.min_eye_px:
            return Reason.FAR
        if abs(face.yaw) > limits.calibrate_yaw:
            return Reason.NOT_STRAIGHT
        yaws = [each.face.yaw for each in self._seen if each.face]
        if yaws and abs(face.yaw - float(np.median(yaws))) > limits.calibrate_spread:
            return Reason.UNSTEADY
        return Reason.OK


def _median(faces: list[FaceLandmarks]) -> FaceLandmarks:
    def middle(name: str) -> float:
        return float(np.median([getattr(face, name) for face in faces]))

    return FaceLandmarks(
        eye_px=middle("eye_px"),
        yaw=middle("yaw"),
        pitch=middle("pitch"),
        centre=(
            float(np.median([face.centre[0] for face in faces])),
            float(np.median([face.centre[1] for face in faces])),
        ),
        mouth_open=middle("mouth_open"),
        mouth_width=middle("mouth_width"),
        eyes_open=middle("eyes_open"),
        points=np.median([face.points for face in faces], axis=0),
        oval=np.median([face.oval for face in faces], axis=0),
    )
