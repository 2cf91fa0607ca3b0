"""What a film shows is found: cuts to the picture, fades, motion, mood, speech."""

import json

import numpy as np
import pytest
from songreel_score.watch import emotion
from songreel_score.watch.analysis import watch
from songreel_score.watch.cuts import Cut
from songreel_score.watch.looks import Looks
from songreel_score.watch.speech import Span, spans
from songreel_testing.score.films import shot_picture, write_film


def cut_times(path):
    return [cut.time for cut in watch(path).cuts]


def test_cuts_are_found_to_the_picture(tmp_path):
    cuts = (1.2, 2.0, 3.48)
    assert cut_times(write_film(tmp_path / "a.mp4", cuts=cuts)) == pytest.approx(cuts, abs=1e-4)


def test_a_film_without_a_cut_is_one_shot(tmp_path):
    analysis = watch(write_film(tmp_path / "a.mp4", seconds=3.0))
    assert analysis.cuts == ()
    assert (analysis.moods[0].start, analysis.moods[-1].end) == (0.0, 3.0)


def test_two_hundred_cuts_a_minute_are_found(tmp_path):
    cuts = [round(0.32 * i, 2) for i in range(1, 19)]
    found = cut_times(write_film(tmp_path / "a.mp4", seconds=6.0, cuts=cuts))
    met = [cut for cut in cuts if any(abs(cut - time) < 0.02 for time in found)]
    assert len(met) >= 0.85 * len(cuts)
    assert len(found) <= len(cuts)


def test_cuts_of_a_variable_rate_are_at_their_pictures_times(tmp_path):
    # Twice as fast in the second half: counting pictures at the mean rate is .5 s off.
    times = [i / 15 for i in range(45)] + [3.0 + i / 45 for i in range(135)]
    path = write_film(tmp_path / "a.mp4", times=times, cuts=(2.0, 4.0))
    assert cut_times(path) == pytest.approx([2.0, 4.0], abs=0.03)


def test_a_flash_is_no_cut(tmp_path):
    def picture(time):
        lit = abs(time - 2.0) < 0.01
        return np.full((90, 160, 3), 250, np.uint8) if lit else shot_picture(1, time)

    path = write_film(tmp_path / "a.mp4", seconds=4.0, picture=picture)
    assert cut_times(path) == []


def test_a_fade_through_black_is_one_cut(tmp_path):
    def picture(time):
        light = min(1.0, abs(time - 2.5) / 0.8)
        return (shot_picture(1 if time < 2.5 else 2, time) * light).astype(np.uint8)

    found = watch(write_film(tmp_path / "a.mp4", seconds=5.0, picture=picture)).cuts
    assert [cut.kind for cut in found] == ["fade"]
    assert found[0].time == pytest.approx(2.5, abs=0.4)


def test_the_document_is_json_with_the_promised_fields(tmp_path):
    document = watch(write_film(tmp_path / "a.mp4", seconds=3.0, cuts=(1.5,))).document()
    told = json.loads(json.dumps(document))
    assert {"duration", "fps", "cuts", "motion", "emotion", "has_sound", "speech"} <= set(told)
    assert {"valence", "arousal", "quadrant", "curve"} <= set(told["emotion"])


def looks(brightness=0.4, saturation=0.2, motion=0.2, points=50):
    full = np.full(points, 1.0)
    return Looks(full * brightness, full * 0.2, full * saturation, full * 0.03, full * motion)


def test_bright_and_saturated_pictures_are_more_pleasant():
    bright = emotion.estimate(looks(brightness=0.7, saturation=0.4), (), 10.0)[0]
    dark = emotion.estimate(looks(brightness=0.15, saturation=0.1), (), 10.0)[0]
    assert bright.valence > 0.3 > -0.3 > dark.valence
    assert bright.valence_std >= 0.3  # colours alone know little


def test_motion_and_cuts_stir():
    still = emotion.estimate(looks(motion=0.02), (), 10.0)[0].arousal
    moving = emotion.estimate(looks(motion=0.6), (), 10.0)[0].arousal
    cut = emotion.estimate(looks(motion=0.02), [Cut(t, "cut", 1.0) for t in np.arange(1, 10)], 10.0)
    assert still < -0.2 < moving
    assert cut[0].arousal > still


def test_scenes_cover_the_film_and_last_some_seconds():
    borders = emotion.scene_borders([0.5, 1.0, 5.0, 40.0], 50.0)
    lengths = np.diff(borders)
    assert (borders[0], borders[-1]) == (0.0, 50.0)
    assert lengths.min() >= 3.0
    assert lengths.max() <= 12.0


def test_spans_of_speech_bridge_breaths_and_forget_clicks():
    chances = [0] * 10 + [0.9] * 30 + [0.1] * 5 + [0.8] * 20 + [0.1] * 60 + [0.9] * 2 + [0] * 9
    assert spans(chances, 0.032, 10.0) == (Span(0.24, 2.16),)


def test_speech_is_found_where_it_is(tmp_path, speech_samples):
    sound = np.zeros(16 * 48_000, np.float32)
    sound[5 * 48_000 : 11 * 48_000] = speech_samples[: 6 * 48_000]
    found = watch(write_film(tmp_path / "a.mp4", seconds=16.0, fps=5, sound=sound)).speech
    assert found[0].start == pytest.approx(5.3, abs=0.8)
    assert found[-1].end == pytest.approx(11.0, abs=0.5)


def test_noise_is_no_speech(tmp_path):
    sound = 0.1 * np.random.default_rng(0).normal(size=4 * 48_000).astype(np.float32)
    assert watch(write_film(tmp_path / "a.mp4", seconds=4.0, fps=5, sound=sound)).speech == ()
