"""Frames, clocks and stills: what stands between a stream and the state machine."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_identity.enrollment.frame_pipeline import CameraClock, FrameLimits, decode_frame
from songreel_identity.faces.embeddings import Embedder, distance
from songreel_identity.faces.mediapipe_tracker import OVAL, RIGID, MediaPipeTracker
from songreel_identity.faces.picture_headers import jpeg_size
from songreel_identity.faces.pictures import check_picture, decode_picture
from songreel_identity.liveness.correlation import best_match
from songreel_identity.liveness.depth import planar_residual
from songreel_identity.liveness.protocol import Reason
from songreel_identity.liveness.thresholds import Thresholds
from songreel_kit import errors
from songreel_testing.puppet.attacks import tilted
from songreel_testing.puppet.expressions import Pose, rotation
from songreel_testing.puppet.measured_puppet import EYE_PX
from songreel_testing.puppet.puppet import portrait

LIMITS = FrameLimits()


def decode(jpeg, limits):
    check_picture(jpeg, limits.picture)
    return decode_frame(jpeg, decode_picture)


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_picture_or_a_typed_error(data):
    for jpeg in (data, b"\xff\xd8" + data, b"\xff\xd8" + data + b"\xff\xd9"):
        with pytest.raises((errors.BadFrame, errors.FrameTooLarge)):
            decode(jpeg, LIMITS)


@given(st.integers(120, 500), st.integers(120, 500))
@settings(max_examples=20, deadline=None)
def test_the_size_is_read_without_decoding(width, height):
    jpeg = cv2.imencode(".jpg", np.zeros((height, width, 3), np.uint8))[1].tobytes()
    assert jpeg_size(jpeg) == (width, height)
    assert decode(jpeg, LIMITS).shape == (height, width, 3)


@given(
    st.integers(0, 10**12),
    st.floats(0, 1e6),
    st.lists(st.floats(0.0, 0.3), min_size=5, max_size=60),
)
@settings(max_examples=100, deadline=None)
def test_frames_of_an_honest_camera_keep_their_distances(start_ms, server, delays):
    clock = CameraClock(LIMITS)
    for n, delay in enumerate(delays):
        taken = n * 0.066
        at, fault = clock.place(start_ms + round(taken * 1000), server + taken + delay)
        assert fault is None
        assert -0.01 <= at - (server + taken) <= 0.31


def test_clocks_that_run_wrong_are_found():
    fast, slow, back = CameraClock(LIMITS), CameraClock(LIMITS), CameraClock(LIMITS)
    assert Reason.CLOCK in {fast.place(n * 132, n * 0.066)[1] for n in range(200)}
    assert Reason.SLOW_LINK in {slow.place(n * 33, n * 0.066)[1] for n in range(1, 200)}
    back.place(100, 0.0)
    for ms in (100, 99, -5):
        with pytest.raises(errors.FrameOutOfOrder):
            back.place(ms, 0.1)


@pytest.mark.parametrize("hidden", [0.3, 1.0, 2.4])
def test_frames_stamped_earlier_hide_no_lag(hidden):
    """A puppet that answers late, and dates its frames back once it has the clock's offset."""
    clock = CameraClock(LIMITS)
    for n in range(900):
        arrives = n / 30 + 0.02
        back = 0.0 if n < 60 else min(hidden, (n - 60) / 45)  # little by little, in order
        at, fault = clock.place(round((n / 30 - back) * 1000), arrives)
        assert fault is not None or arrives - at <= 0.17


def test_a_clock_that_runs_slow_by_little_gains_nothing():
    clock = CameraClock(LIMITS)
    for n in range(900):
        at, _ = clock.place(round(n / 30 * 900), n / 30)  # a tenth slower than the server's
        assert n / 30 - at <= 0.17


@given(st.floats(0.1, 0.9), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_the_lag_of_a_follower_is_found(lag, seed):
    random = np.random.default_rng(seed)
    times = np.arange(0, 8, 0.05)
    phases = random.uniform(0, 6, 3)
    shown = sum(
        np.sin(2 * np.pi * f * times + p) for f, p in zip((0.15, 0.3, 0.4), phases, strict=True)
    )
    seen_at = np.arange(1, 8, 0.08)
    seen = 5 * np.interp(seen_at - lag, times, shown) + random.normal(0, 0.3, len(seen_at))
    lags = np.arange(0, 1.2, 0.05)
    match = best_match(times, shown[:, None], seen_at, seen[:, None], lags, hold=False)
    assert match.lag == pytest.approx(lag, abs=0.06)
    assert match.correlation > 0.9
    assert match.gain == pytest.approx(5, rel=0.1)


@given(st.floats(-50, 50), st.floats(-0.3, 0.3), st.floats(0.7, 1.4))
@settings(max_examples=60, deadline=None)
def test_a_plane_stays_a_plane_however_it_is_held(turn, shift, scale):
    flat = np.random.default_rng(3).uniform(-1, 1, (40, 3))
    flat[:, 2] = 0
    turned = flat @ rotation(turn, 5, 3).T
    seen = (turned[:, :2] / (1 + turned[:, 2:] / 8) * scale + shift) * EYE_PX
    assert planar_residual(flat[:, :2] * EYE_PX, seen, EYE_PX) < 1e-3


def test_depth_tells_a_turned_head_from_a_turned_photo(faces):
    puppet = portrait(faces / "d18.mp4", 5)
    tracker = MediaPipeTracker()

    def face(picture):
        for n in range(3):
            measurements = tracker.read(picture, frame=n, at=n, digest=b"", hands=False)
        assert measurements.face is not None
        return measurements.face

    rest = face(puppet.still)
    turned = face(puppet.render(Pose(yaw=22)))
    photo = face(tilted(puppet.still, 40))
    tracker.close()
    limits = Thresholds()
    assert turned.yaw - rest.yaw > limits.depth_yaw
    assert planar_residual(rest.points, turned.points, rest.eye_px) > limits.depth_residual
    flat = planar_residual(rest.points, photo.points, rest.eye_px)
    assert abs(photo.yaw - rest.yaw) < limits.depth_yaw or flat < limits.depth_residual


def test_the_tracker_reads_what_the_puppet_does(faces):
    puppet = portrait(faces / "d18.mp4", 5)
    tracker = MediaPipeTracker()

    def read(**pose):
        for n in range(3):
            seen = tracker.read(
                puppet.render(Pose(**pose)), frame=n, at=n, digest=b"", hands="hand" in pose
            )
        assert seen.face is not None
        return seen, seen.face

    rest_reading, rest = read()
    assert read(yaw=20)[1].yaw - rest.yaw > 10  # the subject's own left is positive
    assert read(yaw=-20)[1].yaw - rest.yaw < -10
    assert read(pitch=14)[1].pitch - rest.pitch > 7
    assert read(mouth=0.4)[1].mouth_open - rest.mouth_open > 0.15
    assert read(smile=1.0)[1].mouth_width / rest.mouth_width > 1.08
    assert read(squint=0.8)[1].eyes_open / rest.eyes_open < 0.85
    assert read(light=(0.95, 1.0, 1.12))[0].tint - rest_reading.tint < -3
    assert read(light=(1.08, 1.03, 0.9))[0].tint - rest_reading.tint > 3
    left = read(hand="left")[0].covered
    assert left[0] > 0.28 > left[1]
    tracker.close()


def test_embeddings_tell_people_apart(faces):
    embedder, tracker = Embedder(), MediaPipeTracker()

    def embed(name):
        picture = portrait(faces / name).still
        seen = tracker.read(picture, frame=0, at=0, digest=b"", hands=False)
        assert seen.face is not None
        oval = seen.face.oval
        return embedder.embed(picture, (*oval.min(axis=0), *oval.max(axis=0)))

    obama, again, biden = embed("obama.jpg"), embed("obama2.jpg"), embed("biden.jpg")
    tracker.close()
    assert distance(obama, again) < 0.5
    assert distance(obama, biden) > 0.6


def test_the_outline_and_the_rigid_points_are_of_the_mesh():
    assert len(set(OVAL)) == 36
    assert max(*OVAL, *RIGID) < 468
