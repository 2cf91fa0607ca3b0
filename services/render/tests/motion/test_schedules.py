"""Motion follows the music: it never jumps, never freezes, and knows no NaN."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.errors import UnknownSchedule
from songreel_render.diffusion.latents import SceneNoise, angle_between
from songreel_render.motion.angles import SCENE_ANGLE, WANDER_ANGLE
from songreel_render.motion.frames import FrameGrid
from songreel_render.motion.layout import Layout, lay_out
from songreel_render.motion.schedules import (
    ACCENT_SHARE,
    MAX_SPEED,
    MEAN_SPEED,
    SCHEDULES,
    find_schedule,
)
from songreel_render.motion.timeline import build_timeline
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.storyboards import equal_scenes, scene, storyboard_of

RATES = ["10", "12", "24000/1001", "24", "25", "30000/1001", "30", "60"]


@dataclass(frozen=True)
class Music:
    """Silence, noise, sparse accents; loud and quiet sections, or none."""

    duration: float
    onset_rate: float
    kind: str
    seed: int
    energy: float | None

    def analysis(self) -> SongAnalysis:
        analysis = SongAnalysis(duration=self.duration, onset_rate=self.onset_rate)
        # As heard: uneven, some twice, some beyond the end.
        rng = np.random.default_rng(self.seed)
        analysis.beats.extend(np.cumsum(rng.uniform(0, 1.2, self.seed % 20)))
        strength = np.zeros(int(self.duration * (self.onset_rate or 50)))
        if self.kind == "noise":
            strength = np.random.default_rng(self.seed).gamma(0.5, size=strength.size)
        elif self.kind == "one click":
            strength[strength.size // 2 :][:1] = 1.0
        elif self.kind == "nan":
            strength[::3] = np.nan
        if self.kind != "none":
            analysis.onset_strength.extend(strength)
            if self.seed % 2:
                analysis.onset_bands.low.extend(strength[::-1])
                analysis.onset_bands.high.extend(strength)
        if self.energy is not None:
            analysis.sections.add(start=0, end=self.duration / 2, energy=self.energy)
        return analysis


songs = st.builds(
    Music,
    st.floats(0.02, 30.0),
    st.sampled_from([0.0, 43.0, 100.0]),
    st.sampled_from(["none", "silence", "noise", "one click", "nan"]),
    st.integers(0, 999),
    st.none() | st.floats(0, 1),
)


def layout_of(analysis: SongAnalysis, scenes: int, fps: str, schedule: str) -> Layout:
    board = storyboard_of(*equal_scenes(analysis.duration, scenes))
    return lay_out(analysis, board, RenderSettings(fps=fps, schedule=schedule))


def travel_of(analysis: SongAnalysis, fps: str, schedule: str = "onset") -> np.ndarray:
    grid = FrameGrid.over(analysis.duration, Fraction(fps))
    timeline = build_timeline(analysis, analysis.duration)
    return SCHEDULES[schedule].motion(timeline, grid, [(0, grid.count)]).travel


PACED = sorted(set(SCHEDULES) - {"paper"})


@settings(deadline=None)
@given(songs, st.sampled_from(RATES), st.sampled_from(PACED))
def test_travel_is_finite_steady_and_below_the_cap(song: Music, fps: str, schedule: str) -> None:
    steps = np.diff(travel_of(song.analysis(), fps, schedule))
    frame = float(1 / Fraction(fps))
    assert np.isfinite(steps).all()
    assert (steps <= MAX_SPEED * frame * (1 + 1e-9)).all()
    # What is left in the quietest section between two accents.
    slowest = MEAN_SPEED * (1 - ACCENT_SHARE) * 0.5
    assert (steps >= slowest * frame * (1 - 1e-6)).all(), "a frozen stretch"


@settings(deadline=None, max_examples=50)
@example(Music(4.25, 100.0, "one click", 0, None), "24", 7, "paper")
@given(songs, st.sampled_from(RATES), st.sampled_from([1, 2, 7, 500]), st.sampled_from(
    sorted(SCHEDULES)))  # fmt: skip
def test_every_frame_has_a_whole_recipe(song: Music, fps: str, scenes: int, schedule: str) -> None:
    layout = layout_of(song.analysis(), scenes, fps, schedule)
    mix, count = layout.mix, layout.grid.count
    for values in vars(mix).values():
        assert values.shape == (count,)
        assert np.isfinite(values).all()
    assert (np.diff(mix.scene) >= 0).all()
    for weight in (mix.noise_weight, mix.text_weight, mix.progress):
        assert ((weight >= 0) & (weight <= 1)).all()
    assert (mix.travel >= 0).all()
    for index, (first, end) in enumerate(layout.spans):
        assert (mix.scene[first:end] == index).all()


@pytest.mark.parametrize("fps", RATES)
def test_the_paper_schedule_moves_evenly_through_silence(fps: str) -> None:
    layout = layout_of(SongAnalysis(duration=4.0), 2, fps, "paper")
    first, end = layout.spans[0]
    blend = layout.mix.noise_weight[first:end]
    np.testing.assert_allclose(np.diff(blend), 1 / (end - first), rtol=1e-9)
    assert blend[0] == 0


def test_every_frame_rate_samples_the_same_path() -> None:
    analysis = analysis_of(8.0)
    slow, fast = travel_of(analysis, "12"), travel_of(analysis, "60")
    # In the middle of each frame's time: that of every fifth short frame, from the third on.
    np.testing.assert_allclose(slow, fast[2::5][: len(slow)], atol=1e-9)


def test_accents_move_more_than_what_lies_between_them() -> None:
    analysis = analysis_of(8.0)
    steps = np.diff(travel_of(analysis, "60"))
    phase = (np.arange(len(steps)) / 60 + 1e-9) % 0.5
    assert steps[phase < 0.1].mean() > 2.5 * steps[(phase > 0.25) & (phase < 0.42)].mean()
    assert travel_of(analysis, "60")[-1] == pytest.approx(8 * MEAN_SPEED, rel=0.35)


def test_loud_sections_travel_further_than_quiet_ones() -> None:
    travel = travel_of(analysis_of(8.0), "24")
    assert travel[-1] - travel[96] > 1.5 * (travel[96] - travel[0])


def test_an_unknown_schedule_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownSchedule, match="linear, onset, paper, percussive, sine"):
        find_schedule("waltz")


def clicks_at(fps: str, schedule: str) -> tuple[np.ndarray, np.ndarray]:
    """(steps, phase within the beat) of eight seconds of 120 bpm."""
    steps = np.diff(travel_of(analysis_of(8.0), fps, schedule))
    return steps, (np.arange(len(steps)) / float(Fraction(fps)) + 1e-9) % 0.5


def test_the_sine_is_fastest_on_the_beat_and_slowest_between_two() -> None:
    steps, phase = clicks_at("60", "sine")
    on = steps[(phase < 0.05) | (phase > 0.45)].mean()
    between = steps[(phase > 0.2) & (phase < 0.3)].mean()
    assert on > 3 * between
    # Without a jolt: no frame changes the speed by more than a tenth of its range.
    assert np.abs(np.diff(steps)).max() < 0.15 * np.ptp(steps)


def test_the_sine_follows_a_changing_tempo() -> None:
    analysis = SongAnalysis(duration=8.0)
    beats = np.cumsum(np.linspace(0.4, 0.8, 13))
    analysis.beats.extend(beats)
    pulse = build_timeline(analysis, 8.0).pulse
    at = (beats * 240).round().astype(int)
    assert pulse[at[at < len(pulse)]].min() > 1.95
    assert pulse.min() >= 0


def test_a_beat_without_an_onset_is_moved_to_and_an_onset_without_a_beat_as_well() -> None:
    analysis = SongAnalysis(duration=8.0, onset_rate=100.0, beats=np.arange(0.0, 8.0, 0.5))
    times = np.arange(800) / 100
    # Struck between the beats only, as in music that leaves them out.
    analysis.onset_strength.extend(((times + 0.25) % 0.5 < 0.05).astype(float))
    steps = np.diff(travel_of(analysis, "50"))
    phase = np.arange(len(steps)) / 50 % 0.5
    on_beat, on_onset = (phase < 0.04) | (phase > 0.44), np.abs(phase - 0.27) < 0.04
    between = ~on_beat & ~on_onset & (np.abs(phase - 0.13) < 0.03)
    assert steps[on_beat].mean() > 1.5 * steps[between].mean()
    assert steps[on_onset].mean() > 1.5 * steps[between].mean()


def test_percussive_hears_kick_and_hats_and_not_the_voice() -> None:
    analysis = SongAnalysis(duration=8.0, onset_rate=100.0)
    times = np.arange(800) / 100
    drums, voice = times % 1.0 < 0.05, (times + 0.5) % 1.0 < 0.05
    analysis.onset_strength.extend((drums + voice).astype(float))
    analysis.onset_bands.low.extend(drums.astype(float))
    analysis.onset_bands.mid.extend(voice.astype(float))
    analysis.onset_bands.high.extend(drums.astype(float))
    steps = {name: np.diff(travel_of(analysis, "50", name)) for name in ("onset", "percussive")}
    phase = np.arange(len(steps["onset"])) / 50 % 1.0
    on_drum, on_voice = phase < 0.1, (phase > 0.5) & (phase < 0.6)
    assert steps["percussive"][on_drum].mean() > 4 * steps["percussive"][on_voice].mean()
    assert steps["onset"][on_voice].mean() > 0.7 * steps["onset"][on_drum].mean()


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("percussive", "onset bands"),
        ("sine", "steady beat"),
        ("onset", "onsets alone"),
        ("linear", ""),
    ],
)
def test_what_a_song_lacks_for_a_schedule_is_named(schedule: str, words: str) -> None:
    layout = layout_of(SongAnalysis(duration=4.0), 2, "12", schedule)
    assert all(words in text for text in layout.fallbacks)
    assert len(layout.fallbacks) == bool(words)
    assert layout_of(analysis_of(4.0), 2, "12", "sine").fallbacks == ()


def test_scenes_of_one_song_stay_within_a_bounded_angle() -> None:
    layout = layout_of(analysis_of(8.0), 5, "24", "onset")
    travel = layout.mix.travel
    noise = SceneNoise(
        (4, 16, 16), 3, list(range(5)), [float(travel[end - 1]) for _, end in layout.spans]
    )
    frames = noise.at(layout.mix, np.arange(layout.grid.count))
    base = noise._base.expand_as(frames)
    assert angle_between(frames, base).max() <= 1.1 * (SCENE_ANGLE + WANDER_ANGLE)
    steps = angle_between(frames[:-1], frames[1:]).numpy()
    cuts = np.flatnonzero(np.diff(layout.mix.scene))
    within = np.delete(steps, cuts)
    assert within.max() <= MAX_SPEED / 24 + 1e-3
    assert within.min() > 1e-3, "a frozen stretch"
    assert steps[cuts].min() > 5 * within.max(), "cuts are where the picture changes most"


@settings(deadline=None, max_examples=25)
@given(
    songs, st.sampled_from(RATES), st.sampled_from(PACED), st.floats(1.5, 6.0), st.floats(1.5, 6.0)
)
def test_the_cap_holds_in_dissolves_too(
    song: Music, fps: str, schedule: str, first: float, second: float
) -> None:
    """Measured on the noises themselves: crossing and movement together."""
    analysis = song.analysis()
    analysis.duration = first + second
    board = storyboard_of(
        scene(0, first), scene(first, first + second, seed=2, transition="dissolve")
    )
    layout = lay_out(analysis, board, RenderSettings(fps=fps, schedule=schedule))
    travel, count = layout.mix.travel, layout.grid.count
    noise = SceneNoise((4, 32, 32), 3, [1, 2], [float(travel[end - 1]) for _, end in layout.spans])
    frames = noise.at(layout.mix, np.arange(count)).flatten(1).double()
    frames = frames / frames.norm(dim=1, keepdim=True)
    steps = 2 * np.arcsin((frames[1:] - frames[:-1]).norm(dim=1).numpy() / 2)
    # Noises of 4,096 values are at right angles to within a few hundredths.
    assert steps.max() <= 1.03 * MAX_SPEED * float(1 / Fraction(fps))
    assert layout.mix.noise_weight.max() >= 0.4, "they do cross"


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("schedule", ["onset", "sine"])
def test_movement_is_seen_on_the_beat(fps: str, schedule: str) -> None:
    """A step is seen when its second frame appears: at the frame nearest to each beat."""
    steps = np.diff(travel_of(analysis_of(8.0), fps, schedule))
    frame = float(1 / Fraction(fps))
    for beat in np.arange(1.0, 7.5, 0.5):
        near = np.arange(round((beat - 0.24) / frame), round((beat + 0.24) / frame))
        # At the cap several steps are equal; their middle is the accent.
        strong = steps[near - 1] >= 0.999 * steps[near - 1].max()
        seen = near[strong].mean() * frame
        assert abs(seen - beat) <= 0.5 * frame + 0.03
