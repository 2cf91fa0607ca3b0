"""From a song and a storyboard to a video, with real networks of random weights."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from songreel.render.v1.render_service_pb2 import RenderResult
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.errors import Cancelled, InvalidAnalysis, InvalidStoryboard, NotAudio
from songreel_kit.work import CancelToken
from songreel_render.diffusion.denoiser import Denoiser
from songreel_render.diffusion.frame_generator import FrameGenerator
from songreel_render.plan.planner import RenderJob
from songreel_testing.render.click_track import analysis_of, click_track, write_song
from songreel_testing.render.decoded_video import (
    DecodedVideo,
    audio_packets,
    read_sound,
    sound_shift,
)
from songreel_testing.render.harness import FPS, RenderHarness
from songreel_testing.render.storyboards import equal_scenes, scene, storyboard_of


def as_long_as(decoded: DecodedVideo, duration: float, fps: Fraction) -> None:
    assert abs(len(decoded.times) / fps - Fraction(duration)) <= 1 / fps
    assert decoded.times == [index / fps for index in range(len(decoded.times))] or all(
        abs(time - index / fps) < Fraction(1, 5000) for index, time in enumerate(decoded.times)
    )
    assert abs(len(decoded.sound) / decoded.sound_rate - duration) <= max(1 / fps, 0.06)


@pytest.mark.parametrize("fps", ["12", "24000/1001", "30"])
def test_the_songs_own_packets_are_in_a_video_of_its_length(
    harness: RenderHarness, song: Path, fps: str
) -> None:
    result = harness.render(harness.simple_request(song, fps=fps, steps=1))
    decoded = harness.decode(result.video)
    assert result.audio_mode == "copy"
    assert list(result.fallbacks) == []
    assert result.frames == len(decoded.times)
    as_long_as(decoded, 2.0, Fraction(fps))
    assert abs(sound_shift(decoded, click_track(2.0))) < 0.002
    with harness.store.local_path(result.video) as video:
        assert audio_packets(video) == audio_packets(song)
        head = video.read_bytes()
        assert head.index(b"moov") < head.index(b"mdat"), "plays while it is loading"


@pytest.mark.parametrize(
    ("name", "codec", "mode"),
    [
        ("song.m4a", "aac", "copy"), ("song.aac", "aac", "copy"), ("song.ogg", "libopus", "aac"),
        ("song.flac", "flac", "aac"), ("song.wav", "pcm_s16le", "aac"),
    ],
)  # fmt: skip
def test_other_containers(harness: RenderHarness, name: str, codec: str, mode: str) -> None:
    rate = 48000 if codec == "libopus" else 44100
    song = write_song(harness.folder / name, 1.0, codec, rate)
    result = harness.render(harness.simple_request(song, 1.0, steps=1))
    decoded = harness.decode(result.video)
    assert result.audio_mode == mode
    assert decoded.codecs == ("h264", "aac")
    if mode == "copy":
        assert not result.fallbacks
    else:
        assert "AAC" in result.fallbacks[0]
        as_long_as(decoded, 1.0, Fraction(FPS))
    # In the time of the song as any decoder hears it, which is what the analysis heard.
    assert abs(sound_shift(decoded, read_sound(song)[0])) < 0.002


def test_slow_mp3_that_mp4_does_not_take_is_encoded(harness: RenderHarness) -> None:
    song = write_song(harness.folder / "slow.mp3", 1.0, rate=8000)
    result = harness.render(harness.simple_request(song, 1.0, steps=1))
    assert result.audio_mode == "aac"
    assert "8000 Hz" in result.fallbacks[0]
    assert abs(sound_shift(harness.decode(result.video), click_track(1.0, 8000))) < 0.002


@pytest.mark.parametrize("start", [0.05, 0.73])
def test_an_excerpt_is_cut_to_the_sample(harness: RenderHarness, song: Path, start: float) -> None:
    request = harness.request(
        song, analysis_of(1.0, start), storyboard_of(*equal_scenes(1.0)), steps=1
    )
    result = harness.render(request)
    decoded = harness.decode(result.video)
    assert result.audio_mode == "aac"
    assert "excerpt" in result.fallbacks[0]
    as_long_as(decoded, 1.0, Fraction(FPS))
    expected = click_track(2.0)[round(start * 44100) :]
    assert abs(sound_shift(decoded, expected)) < 0.002


@pytest.mark.parametrize("fps", ["10", "25"])
def test_a_cut_is_within_a_frame_of_its_beat(harness: RenderHarness, song: Path, fps: str) -> None:
    board = storyboard_of(
        scene(0, 1.0, "a beach, a beach, a beach", 1), scene(1.0, 2.0, "@#%!", 99)
    )
    result = harness.render(harness.request(song, analysis_of(2.0), board, fps=fps, steps=1))
    decoded = harness.decode(result.video)
    change = decoded.changes()
    cut = int(np.argmax(change))
    assert abs(decoded.times[cut] - Fraction(1)) <= 1 / Fraction(fps)
    assert change[cut] > 2 * np.delete(change, [cut]).max()


def test_a_dissolve_has_no_jump_where_a_cut_has_one(harness: RenderHarness, song: Path) -> None:
    jumps: list[float] = []
    for transition in ("cut", "dissolve"):
        board = storyboard_of(scene(0, 1, "beach"), scene(1, 2, "@#", 9, transition=transition))
        request = harness.request(song, analysis_of(2.0), board, fps="24", steps=1)
        jumps.append(harness.decode(harness.render(request).video).changes()[23:26].max())
    assert jumps[1] < 0.5 * jumps[0]


def test_the_camera_moves_within_its_scene(harness: RenderHarness, song: Path) -> None:
    videos: list[np.ndarray] = []
    for camera in ("none", "zoom-in"):
        board = storyboard_of(scene(0, 1), scene(1, 2, seed=2, camera=camera))
        artifact = harness.render(harness.request(song, analysis_of(2.0), board, steps=1)).video
        videos.append(harness.decode(artifact).frames.astype(float))
    apart = np.abs(videos[0] - videos[1]).mean(axis=(1, 2, 3))
    assert apart[:12].max() == 0, "the scene before it"
    assert apart[-1] > 2 * apart[12]


def test_guidance_and_prompts_have_a_say(harness: RenderHarness, song: Path) -> None:
    seen = set()
    for scale, negative in ((1.0, "ugly"), (5.0, ""), (5.0, "ugly")):
        board = storyboard_of(scene(0, 1, negative_prompt=negative))
        short = write_song(harness.folder / "short.mp3", 1.0)
        request = harness.request(short, analysis_of(1.0), board, guidance_scale=scale)
        seen.add(harness.decode(harness.render(request).video).sha256)
    assert len(seen) == 3


def test_a_render_given_again_is_not_drawn_again(harness: RenderHarness, song: Path) -> None:
    first = harness.render(harness.simple_request(song))
    again = harness.render(harness.simple_request(song))
    assert not first.reused
    assert first.frames_reused == 0
    assert again.reused
    assert again.frames_reused == again.frames == first.frames
    assert again.video == first.video
    assert not harness.render(harness.simple_request(song, seed=5)).reused


def test_two_renders_of_one_plan_are_equal_to_the_byte_but_for_their_signature(
    tmp_path: Path, checkpoint: Path, song: Path
) -> None:
    videos: list[str] = []
    for name in ("one", "two"):
        harness = RenderHarness(tmp_path / name, checkpoint, {"credentials": False})
        videos.append(harness.render(harness.simple_request(song)).video.sha256)
    assert videos[0] == videos[1]


def test_a_cancelled_render_goes_on_where_it_stopped(
    harness: RenderHarness, tmp_path: Path, checkpoint: Path, song: Path
) -> None:
    token, drawn = CancelToken(), []

    def cancel_after_two_segments(progress: Progress) -> None:
        token.check()
        drawn.append(progress.frames_done)
        if progress.frames_done >= 13:
            token.cancel()

    with pytest.raises(Cancelled):
        harness.render(harness.simple_request(song), cancel_after_two_segments, token)
    assert max(drawn) < 18, "it ended between two batches"
    assert list((harness.folder / "scratch").iterdir()) == []
    result = harness.render(harness.simple_request(song))
    assert 6 <= result.frames_reused <= 12
    assert not result.reused
    unbroken = RenderHarness(tmp_path / "unbroken", checkpoint)
    whole = unbroken.render(unbroken.simple_request(song))
    assert whole.frames_reused == 0
    assert harness.decode(result.video).sha256 == unbroken.decode(whole.video).sha256


def test_progress_never_falls_and_counts_frames(harness: RenderHarness, song: Path) -> None:
    seen: list[Progress] = []
    harness.render(harness.simple_request(song), lambda progress: seen.append(Progress.FromString(
        progress.SerializeToString())))  # fmt: skip
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert {progress.step for progress in seen} >= {"plan", "load", "frames", "join", "pictures"}
    frames = [progress.frames_done for progress in seen if progress.step == "frames"]
    assert frames == list(range(0, 25, 3))


def test_frames_do_not_depend_on_their_batch(harness: RenderHarness, song: Path) -> None:
    """Beyond float noise: a grey level at most. Files are equal only for equal batches, for
    which reason the batch is a part of the plan."""
    request = harness.simple_request(song)
    job = RenderJob(request.song, request.analysis, request.storyboard, request.settings)
    prepared = harness.renderer.prepare(job, lambda progress: None, CancelToken())
    videos: list[np.ndarray] = []
    for batch in (24, 1, 5):
        scenes, settings = prepared.storyboard.scenes, prepared.plan.settings
        loaded = harness.renderer.loader.load(prepared.shape.files)
        denoiser = Denoiser(loaded, scenes, prepared.layout, settings, batch=batch)
        generator = FrameGenerator(denoiser, scenes, prepared.layout, settings, batch)
        videos.append(np.concatenate(list(generator.frames(0, 24))).astype(int))
    for decoded in videos[1:]:
        assert np.abs(decoded - videos[0]).max() <= 1
    assert np.abs(np.diff(videos[0], axis=0)).max() > 10


@pytest.mark.parametrize("schedule", ["linear", "paper"])
def test_other_schedules(harness: RenderHarness, song: Path, schedule: str) -> None:
    result = harness.render(harness.simple_request(song, schedule=schedule, steps=1, cadence=0.0))
    assert result.frames == 24
    # The paper's stands still where the song has no onsets: what `onset` was made against.
    still = (harness.decode(result.video).changes()[1:] == 0).sum()
    assert (still > 0) == (schedule == "paper")


def test_more_scenes_than_frames(harness: RenderHarness, song: Path) -> None:
    board = storyboard_of(*equal_scenes(2.0, 100))
    result: RenderResult = harness.render(harness.request(song, analysis_of(2.0), board, steps=1))
    assert result.frames == 24


@pytest.mark.parametrize(
    ("scenes", "named"),
    [
        ([], "no scenes"),
        ([scene(0, 1)], "end at 1.000 s but the song at 2.000 s"),
        ([scene(0, 1), scene(1.2, 2)], "scene 2 starts at 1.200 s"),
        ([scene(0, 1.5), scene(1, 2)], "scene 2 starts at 1.000 s"),
        ([scene(0, 2, prompt=" ")], "scene 1 has no prompt"),
        ([scene(0, 2, seed=-1)], "seed -1"),
        ([scene(0, float("nan"))], "finite"),
    ],
)
def test_storyboards_that_do_not_fit_the_song_are_refused(
    harness: RenderHarness, song: Path, scenes: list, named: str
) -> None:
    with pytest.raises(InvalidStoryboard, match=named):
        harness.render(harness.request(song, analysis_of(2.0), storyboard_of(*scenes)))


@pytest.mark.parametrize("duration", [0.0, -1.0, float("nan"), float("inf")])
def test_an_analysis_without_a_length_is_refused(
    harness: RenderHarness, song: Path, duration: float
) -> None:
    analysis = analysis_of(2.0)
    analysis.duration = duration
    with pytest.raises(InvalidAnalysis):
        harness.render(harness.request(song, analysis, storyboard_of(*equal_scenes(2.0))))


def test_a_video_of_pictures_only_is_not_a_song(harness: RenderHarness, song: Path) -> None:
    sheet = harness.render(harness.simple_request(song, steps=1)).contact_sheet
    with harness.store.local_path(sheet) as picture, pytest.raises(NotAudio):
        harness.render(harness.simple_request(picture))
