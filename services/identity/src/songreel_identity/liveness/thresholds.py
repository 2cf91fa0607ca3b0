"""Every number that the liveness protocol decides by, in one place."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Thresholds(BaseModel):
    """Angles in degrees, times in seconds, distances in pupil distances unless said."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    session_seconds: float = 150.0
    """A session that takes longer is inconclusive."""
    min_eye_px: float = 80.0
    """Least distance between the pupils, px."""
    min_brightness: float = 45.0
    """Least mean luma of the face, 0-255."""
    min_fps: float = 7.5
    """Fewer frames a second are inconclusive."""

    calibrate_seconds: float = 2.0
    calibrate_limit: float = 20.0
    """How long the person may take to sit right before the camera."""
    calibrate_yaw: float = 14.0
    """Largest yaw that counts as looking straight ahead."""
    calibrate_spread: float = 4.0
    """Largest deviation of the yaw while calibrating."""

    actions: int = 5
    target_yaw: tuple[float, float] = (15.0, 30.0)
    target_pitch: tuple[float, float] = (10.0, 18.0)
    hold: tuple[float, float] = (0.6, 1.5)
    band_below: float = 5.0
    """How far short of the target still counts."""
    band_above: float = 14.0
    action_limit: float = 7.0
    start_limit: float = 4.0
    """No movement in this time: asked again."""
    too_early: float = 0.15
    """A movement that starts sooner after its prompt was no answer to it."""
    neutral_yaw: float = 8.0
    mouth_open: float = 0.15
    """More than in the neutral face."""
    smile_wider: float = 1.08
    """Width of the mouth over that of the neutral face."""
    squint: float = 0.85
    """Height of the eyes' openings over that of the neutral face."""
    wrong_way: float = 12.0
    """A turn this far to the other side is a wrong answer."""

    depth_yaw: float = 12.0
    """Least turn at which depth can be judged."""
    depth_residual: float = 0.03
    """Least homography residual of a head, in pupil distances."""

    dot_seconds: float = 7.0
    dot_seconds_no_light: float = 12.0
    dot_correlation: float = 0.8
    dot_lag: tuple[float, float] = (0.15, 0.6)
    dot_range: float = 3.0
    """Least standard deviation of the head's yaw while it follows the dot."""

    slots: int = 10
    slot_seconds: float = 0.4
    """1.25 flashes a second at most, under the WCAG limit of 3."""
    light_correlation: float = 0.75
    light_lag: tuple[float, float] = (0.0, 0.35)
    light_amplitude: float = 1.0
    """Least amplitude of the reflected colour, 8-bit units of Lab b*."""

    hand_limit: float = 10.0
    hand_covered: float = 0.28
    hand_other: float = 0.25
    hand_seconds: float = 0.4

    stand_limit: float = 12.0
    stand_rise: float = 0.9
    lean_growth: float = 1.18
    """Growth of the pupil distance when somebody seated leans in."""

    repeats: int = 2
    """How often in a session a step may be asked again."""
    two_faces_seconds: float = 1.0
    lost_seconds: float = 2.5
    turn_speed: float = 400.0
    """Degrees a second that no head exceeds."""
    move_speed: float = 25.0
    """Pupil distances a second that no head exceeds."""
    repeated_share: float = 0.3
    """Share of byte-identical frames that no camera sends."""
    same_person: float = 0.6
    """Largest distance of any two stills' dlib embeddings: dlib's own for one person."""
    same_as_neutral: float = 0.5
    """Largest distance of a still from the neutral one, which is seen straight on: another
    face, even a like one, is further off than any pose of the same."""
    tries: int = 5
