"""The liveness session: a state machine without clock, camera or network.

The server draws every step, releases it only after the one before has closed,
and judges what it sees. `process_frame` takes measured frames, `tick` takes the time, both
in seconds on the session's own clock; both return what to tell the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from songreel_identity.faces.landmarks import FrameMeasurements
from songreel_identity.liveness.actions import POOL, TURNS, Action
from songreel_identity.liveness.calibration import Calibration
from songreel_identity.liveness.colour_flash import ColourFlashStep, draw_code
from songreel_identity.liveness.dot_tracking import DotTrackingStep, draw_path
from songreel_identity.liveness.frame_checks import FrameChecks
from songreel_identity.liveness.hand_and_body import HandStep, StandOrLeanStep
from songreel_identity.liveness.head_poses import PoseStep, draw_target
from songreel_identity.liveness.protocol import Event, Outcome, Prompt, Reason, Verdict, Way
from songreel_identity.liveness.steps import (
    Inconclusive,
    NeutralFace,
    Passed,
    Result,
    Retry,
    Step,
)
from songreel_identity.liveness.thresholds import Thresholds

STILLS = 7
_SPOKEN_SECONDS = 3.0


def draw_actions(random: Random, ways: frozenset[Way], thresholds: Thresholds) -> list[Action]:
    """Draws the steps after the calibration; at least one of them is a turn."""
    count = thresholds.actions - (2 if Way.SKIP_TWO in ways else 0)
    turn = random.choice(TURNS)
    rest = random.sample([action for action in POOL if action is not turn], count - 1)
    drawn = [turn, *rest]
    random.shuffle(drawn)
    light = () if Way.NO_LIGHT in ways else (Action.LIGHT,)
    hand = random.choice((Action.HAND_LEFT, Action.HAND_RIGHT))
    last = Action.LEAN if Way.SEATED in ways else Action.STAND
    return [*drawn, Action.DOT, *light, hand, last]


class LivenessSession:
    """One person's attempt."""

    def __init__(
        self,
        random: Random,
        ways: frozenset[Way] = frozenset(),
        thresholds: Thresholds | None = None,
    ) -> None:
        """`random` draws everything; give it `secrets.SystemRandom` outside of tests."""
        self._random = random
        self._ways = ways
        self._limits = thresholds or Thresholds()
        self._extra = _SPOKEN_SECONDS if Way.SPOKEN in ways else 0.0
        self.actions = draw_actions(random, ways, self._limits)
        """The drawn actions; none is revealed before its step."""
        self._position = -1
        self._calibration = Calibration(self._limits, self._extra)
        self._step: Step = self._calibration
        self._neutral: NeutralFace | None = None
        self._frame_checks = FrameChecks(self._limits)
        self._repeats = 0
        self._depths: list[float] = []
        self._stills: list[int] = []
        self._spare: list[int] = []
        self._begun: float | None = None
        self._at = float("-inf")
        self.comparing = False
        """Whether all steps are done, so that only `conclude` is missing."""
        self.outcome: Outcome | None = None

    @property
    def wants_hands(self) -> bool:
        """Whether hands must be detected in the next frames."""
        return self._step.needs_hands

    @property
    def stills(self) -> list[int]:
        """The chosen frames, at most seven, in the order they were taken."""
        spare = [frame for frame in self._spare if frame not in self._stills]
        return sorted([*self._stills, *spare[: STILLS - len(self._stills)]])[:STILLS]

    @property
    def wanted(self) -> set[int]:
        """Frames whose pictures must be kept: the stills and their candidates."""
        if self.outcome is not None and self.outcome.verdict is not Verdict.PASS:
            return set()
        kept = {self._step.kept} if self._step.kept is not None else set[int]()
        if self._step is self._calibration:
            kept |= self._calibration.frames
        return {*self._stills, *self._spare, *kept}

    def start(self, now: float) -> list[Event]:
        """Begins; returns the first prompt."""
        self._begun = now
        self._step.begin(now)
        return [self._prompt()]

    def process_frame(self, measurements: FrameMeasurements) -> list[Event]:
        """Judges one frame; frames must come in the order of their times."""
        if self.outcome is not None or self.comparing or self._begun is None:
            return []
        if measurements.at <= self._at:
            return self._end(Verdict.FAIL, Reason.CLOCK)
        self._at = measurements.at
        ending = self._frame_checks.process_frame(measurements, hides_face=self._step.hides_face)
        if ending is not None:
            return self._end(ending.verdict, ending.reason)
        if measurements.faces > 1:
            return self._frame_checks.guidance
        events = self._step.process_frame(measurements)
        return self._frame_checks.guidance + (
            events if self._step.result is None else self._next(measurements.at)
        )

    def tick(self, now: float) -> list[Event]:
        """Judges the time; call it about every 50 ms."""
        if self.outcome is not None or self.comparing or self._begun is None:
            return []
        if now - self._begun > self._limits.session_seconds:
            return self._end(Verdict.INCONCLUSIVE, Reason.TOO_LONG)
        events = self._step.tick(now)
        return events + ([] if self._step.result is None else self._next(now))

    def abandon(self, reason: Reason) -> list[Event]:
        """Ends the session early: the client left, stalled or broke a rule of the transport."""
        verdict = Verdict.FAIL if reason is Reason.CLOCK else Verdict.INCONCLUSIVE
        return self._end(verdict, reason)

    def conclude(self, distances: Sequence[float]) -> list[Event]:
        """Ends the session by the distances between the stills' embeddings.

        Args:
            distances: Of all pairs of `stills`, in the order of `itertools.combinations`.

        Raises ValueError unless all steps are done.
        """
        if not self.comparing or self.outcome is not None:
            raise ValueError("the session's steps are not done")
        pairs = STILLS * (STILLS - 1) // 2
        if len(distances) != pairs:
            return self._end(Verdict.INCONCLUSIVE, Reason.NO_FACE)
        # The first still is the calibration's, the neutral face: its pairs come first.
        from_neutral = distances[: STILLS - 1]
        if (
            max(distances) > self._limits.same_person
            or max(from_neutral) > self._limits.same_as_neutral
        ):
            return self._end(Verdict.FAIL, Reason.OTHER_PERSON)
        return self._end(Verdict.PASS, Reason.OK)

    def _next(self, now: float) -> list[Event]:
        result: Result | None = self._step.result
        if isinstance(result, Inconclusive):
            return self._end(Verdict.INCONCLUSIVE, result.reason)
        if isinstance(result, Retry):
            self._repeats += 1
            if self._repeats > self._limits.repeats:
                return self._end(Verdict.FAIL, result.reason)
            return self._begin(now, again=True)
        assert isinstance(result, Passed)
        flat = self._close(result)
        if flat is not None:
            return flat
        self._position += 1
        if self._position == len(self.actions):
            return self._finish()
        return self._begin(now, again=False)

    def _close(self, passed: Passed) -> list[Event] | None:
        if self._step is self._calibration:
            self._neutral = self._calibration.neutral
            frames = sorted(self._calibration.frames)
            # Where two actions are skipped, other neutral moments make up the seven.
            self._spare = frames[:: max(1, len(frames) // STILLS)][:STILLS]
        if passed.still is not None:
            self._stills.append(passed.still)
        if isinstance(self._step, PoseStep) and self._step.action in TURNS:
            depth = self._step.depth
            if depth is not None and depth < self._limits.depth_residual:
                return self._end(Verdict.FAIL, Reason.FLAT)
            if depth is not None:
                self._depths.append(depth)
        return None

    def _finish(self) -> list[Event]:
        if not self._depths or len(self.stills) < STILLS:
            return self._end(Verdict.INCONCLUSIVE, Reason.NO_ANSWER)
        self.comparing = True
        return []

    def _begin(self, now: float, *, again: bool) -> list[Event]:
        # A repeated step is drawn anew: nobody gets two looks at one task.
        self._step = self._draw(self.actions[self._position])
        self._step.begin(now)
        return [self._prompt(again=again)]

    def _draw(self, action: Action) -> Step:
        neutral, limits, extra = self._neutral, self._limits, self._extra
        assert neutral is not None, "calibration comes first"
        if action in POOL:
            return PoseStep(draw_target(action, self._random, limits), neutral, limits, extra)
        if action is Action.DOT:
            longer = Way.NO_LIGHT in self._ways
            seconds = limits.dot_seconds_no_light if longer else limits.dot_seconds
            return DotTrackingStep(draw_path(self._random), seconds, neutral, limits)
        if action is Action.LIGHT:
            return ColourFlashStep(draw_code(self._random, limits.slots), limits)
        if action in (Action.HAND_LEFT, Action.HAND_RIGHT):
            return HandStep(action, limits, extra)
        return StandOrLeanStep(action, neutral, limits, extra)

    def _prompt(self, *, again: bool = False) -> Prompt:
        action = self._step.action
        return Prompt(
            action=action,
            seconds=self._step.seconds,
            step=self._position + 2,
            steps=len(self.actions) + 1,
            again=again,
        )

    def _end(self, verdict: Verdict, reason: Reason) -> list[Event]:
        if self.outcome is not None:
            return []
        self.comparing = False
        self.outcome = Outcome(verdict, reason)
        return [self.outcome]
