"""Steps with hand and body: cover half of the face, stand up, lean in."""

from __future__ import annotations

from songreel_identity.faces.landmarks import FrameMeasurements
from songreel_identity.liveness.actions import Action
from songreel_identity.liveness.protocol import Event
from songreel_identity.liveness.steps import NeutralFace, Passed, TimedStep, guidance
from songreel_identity.liveness.thresholds import Thresholds


class HandStep(TimedStep):
    """A hand over one half of the face, then away."""

    hides_face = True
    needs_hands = True

    def __init__(self, action: Action, thresholds: Thresholds, extra: float = 0.0) -> None:
        super().__init__(action, thresholds.hand_limit + extra)
        self._limits = thresholds
        self._half = 0 if action is Action.HAND_LEFT else 1
        self._covered: list[float] = []
        self._done = False

    def process_frame(self, measurements: FrameMeasurements) -> list[Event]:
        """Looks for a hand over the asked half and not over the other."""
        if self.result is not None:
            return []
        asked, other = measurements.covered[self._half], measurements.covered[1 - self._half]
        limits = self._limits
        if asked >= limits.hand_covered and other <= limits.hand_other:
            self._covered.append(measurements.at)
            # Three frames at least: a hand that is found once on a bare face is a misreading.
            recent = [at for at in self._covered if measurements.at - at <= 3 * limits.hand_seconds]
            self._covered = recent
            long_enough = recent[-1] - recent[0] >= limits.hand_seconds
            self._done = self._done or (len(recent) >= 3 and long_enough)
        elif self._done and measurements.face is not None and max(asked, other) < 0.1:
            self.result = Passed()
        return guidance(0.8 if self._done else min(0.7, 0.2 * len(self._covered)))


class StandOrLeanStep(TimedStep):
    """Up, perhaps out of the picture, and down again; or, seated, closer and back."""

    hides_face = True

    def __init__(
        self, action: Action, neutral: NeutralFace, thresholds: Thresholds, extra: float = 0.0
    ) -> None:
        super().__init__(action, thresholds.stand_limit + extra)
        self._limits = thresholds
        self._rest = neutral.face
        self._rising = 0.0
        self._done = False
        self._back: tuple[float, int] | None = None

    def process_frame(self, measurements: FrameMeasurements) -> list[Event]:
        """Follows the head."""
        if self.result is not None:
            return []
        face = measurements.face
        if face is None:
            # Lost while it rose: it left through the upper border.
            if self.action is Action.STAND and self._rising >= self._limits.stand_rise / 2:
                self._done = True
            return []
        growth = face.eye_px / self._rest.eye_px
        # Both in neutral pupil distances, so that coming closer is no rise.
        rise = self._rest.centre[1] - face.centre[1] * growth
        moved = rise if self.action is Action.STAND else growth - 1
        wanted = (
            self._limits.stand_rise if self.action is Action.STAND else self._limits.lean_growth - 1
        )
        self._rising = moved if self.action is Action.STAND else 0.0
        if moved >= wanted:
            self._done = True
        elif self._done and abs(moved) < 0.45 * wanted:
            self.kept = measurements.frame
            self.result = Passed(self.kept)
        return guidance(0.9 if self._done else 0.6 * moved / wanted)
