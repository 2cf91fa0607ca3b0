"""mp4, webm and animated WebP; previews from stills; the visible mark."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.artifacts.containers import CONTAINERS, video_extension
from songreel_kit.errors import InvalidRenderSettings
from songreel_kit.work import CancelToken
from songreel_render.plan.planner import RenderJob
from songreel_render.video.watermark import Watermark
from songreel_testing.render.click_track import analysis_of, click_track, write_song
from songreel_testing.render.decoded_video import audio_packets, sound_shift
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import scene, storyboard_of


@pytest.mark.parametrize(
    ("name", "codec", "mode"),
    [("song.ogg", "libopus", "copy"), ("song.mp3", "libmp3lame", "libopus")],
)
def test_webm_holds_vp9_and_opus(harness: RenderHarness, name: str, codec: str, mode: str) -> None:
    song = write_song(harness.folder / name, 2.0, codec, 48000)
    result = harness.render(harness.simple_request(song, format="webm", fps="24000/1001"))
    decoded = harness.decode(result.video)
    assert decoded.codecs[0] == "vp9"
    assert "opus" in decoded.codecs[1]
    assert result.audio_mode == mode
    assert result.video.media_type == "video/webm"
    assert result.credentials == "none"
    assert any("webm" in note for note in result.fallbacks)
    rate = Fraction(24000, 1001)
    assert len(decoded.times) == result.frames == 48
    # Matroska counts milliseconds.
    assert all(abs(time - k / rate) <= Fraction(1, 999) for k, time in enumerate(decoded.times))
    assert abs(sound_shift(decoded, click_track(2.0, decoded.sound_rate))) < 0.003
    if mode == "copy":
        with harness.store.local_path(result.video) as video:
            assert audio_packets(video) == audio_packets(song)
    else:
        assert abs(len(decoded.sound) / decoded.sound_rate - 2.0) < 0.05


def test_an_animated_picture_repeats_the_video_without_sound(
    harness: RenderHarness, song: Path
) -> None:
    result = harness.render(harness.simple_request(song, format="webp"))
    assert result.video.media_type == "image/webp"
    assert result.audio_mode == "none"
    assert result.credentials == "development"
    with Image.open(io.BytesIO(harness.store.read_bytes(result.video))) as animation:
        assert animation.format == "WEBP"
        assert animation.is_animated
        assert animation.info["loop"] == 0
        frames, shown = [], []
        for number in range(animation.n_frames):
            animation.seek(number)
            frames.append(np.asarray(animation.convert("RGB")).astype(int))
            shown.append(animation.info["timestamp"])
        length = shown[-1] + animation.info["duration"]
    assert length == pytest.approx(2000, abs=2)
    # Equal frames are one that is shown longer.
    at = [np.searchsorted(shown, k * 1000 / 12 + 1, side="right") - 1 for k in range(24)]
    frames = [frames[place] for place in at]
    decoded = harness.decode(
        harness.render(harness.simple_request(song, steps=2, format="mp4")).video
    )
    apart = np.abs(np.stack(frames) - decoded.frames).mean()
    # Random weights paint noise, which WebP smooths; a frame in the wrong place is far off.
    assert apart < 0.6 * np.abs(np.stack(frames) - decoded.frames[::-1]).mean()


def test_a_container_is_one_row(
    harness: RenderHarness, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = replace(CONTAINERS["mp4"], name="mov", media_type="video/quicktime")
    monkeypatch.setitem(CONTAINERS, "mov", row)
    result = harness.render(harness.simple_request(song, format="mov"))
    assert result.video.media_type == "video/quicktime"
    assert video_extension("video/quicktime") == ".mov"
    assert harness.decode(result.video).codecs[0] == "h264"


def test_webm_and_webp_are_resumed_like_mp4(harness: RenderHarness, song: Path) -> None:
    mp4 = harness.render(harness.simple_request(song))
    again = harness.render(harness.simple_request(song, format="webm"))
    assert again.frames_reused == 0, "other codec, other segments"
    assert mp4.frames == again.frames


def test_an_unknown_format_is_refused(harness: RenderHarness, song: Path) -> None:
    with pytest.raises(InvalidRenderSettings, match="mp4, webm, webp"):
        harness.render(harness.simple_request(song, format="avi"))


def test_a_preview_draws_one_still_per_scene_and_moves_it(
    harness: RenderHarness, song: Path
) -> None:
    board = storyboard_of(
        scene(0, 0.7, "beach", 1, camera="zoom-in"), scene(0.7, 1.3, "@#", 2, camera="pan-left"),
        scene(1.3, 2, "beach", 3, transition="dissolve"),
    )  # fmt: skip
    # Scenes this short have time to dissolve only where the frames are many.
    request = harness.request(
        song, analysis_of(2.0), board, preview=True, steps=8, size=64, fps="24"
    )
    job = RenderJob(request.song, request.analysis, request.storyboard, request.settings)
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(Progress.FromString(progress.SerializeToString()))

    prepared = harness.renderer.prepare(job, report, CancelToken())
    sheet = harness.renderer.first_sheet(prepared, report, CancelToken())
    assert sheet is not None
    assert Image.open(io.BytesIO(harness.store.read_bytes(sheet))).width == 3 * 272 + 16
    assert [progress.step for progress in seen][-1] == "stills"
    result = harness.renderer.render(prepared, report, CancelToken())
    assert result.frames_denoised == 3
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    decoded = harness.decode(result.video)
    assert decoded.codecs == ("h264", "mp3float") or decoded.codecs[1].startswith("mp3")
    change = decoded.changes()
    assert int(change.argmax()) == 17, "the hard cut"
    assert change[1:17].max() > 0, "the camera"
    assert change[31] < 0.5 * change[17], "the dissolve"


def test_a_preview_of_a_full_render_shows_the_frames_it_will_have(
    harness: RenderHarness, song: Path
) -> None:
    """The still is the scene's middle frame: same noise, same words."""
    settings = {"cadence": 0.0, "colour_match": 0.0}
    still = harness.decode(
        harness.render(harness.simple_request(song, preview=True, **settings)).video
    )
    decoded = harness.decode(harness.render(harness.simple_request(song, **settings)).video)
    apart = np.abs(still.frames[6].astype(int) - decoded.frames.astype(int)).mean(axis=(1, 2, 3))
    assert int(apart.argmin()) == 6


def test_a_small_autoencoder_decodes_previews_only(
    checkpoint: Path, tmp_path: Path, song: Path
) -> None:
    from diffusers import AutoencoderTiny

    AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8)
    ).save_pretrained(tmp_path / "tiny")
    videos: dict[tuple[bool, bool], str] = {}
    for tiny in (False, True):
        options = {"tiny_autoencoder": tmp_path / "tiny"} if tiny else {}
        harness = RenderHarness(tmp_path / f"stage-{tiny}", checkpoint, options)
        for preview in (False, True):
            result = harness.render(harness.simple_request(song, preview=preview))
            videos[tiny, preview] = harness.decode(result.video).sha256
    assert videos[False, False] == videos[True, False]
    assert videos[False, True] != videos[True, True]


def test_the_mark_is_in_every_frame_and_inside_the_picture(
    harness: RenderHarness, song: Path
) -> None:
    for settings in ({}, {"preview": True}):
        videos = [
            harness.decode(
                harness.render(harness.simple_request(song, mark=mark, **settings)).video
            ).frames
            for mark in ("", "drawn by AI")
        ]
        change = np.abs(videos[0].astype(int) - videos[1]).mean(axis=-1)
        assert change[:, 52:62, 20:62].mean(axis=(1, 2)).min() > 30
        assert change[:, :44].mean() < 3
    with pytest.raises(InvalidRenderSettings, match="60"):
        harness.render(harness.simple_request(song, mark="x" * 61))


@pytest.mark.parametrize("size", [64, 256, 512])
@pytest.mark.parametrize("text", ["AI", "made with songreel from a song that nobody knows yet"])
def test_a_mark_of_any_length_fits(size: int, text: str) -> None:
    pixels = np.full((2, size, size, 3), 128, dtype=np.uint8)
    Watermark(text, size).draw(pixels)
    changed = (pixels != 128).any(axis=-1)
    rows, columns = np.nonzero(changed[0])
    assert changed[0].sum() < 0.25 * size * size
    assert rows.min() > size // 2
    assert columns.max() < size
    assert (pixels[0] == pixels[1]).all()


def test_segments_of_both_codecs_have_every_frame(tmp_path: Path) -> None:
    from songreel_render.video.encoder import SegmentEncoder, VideoFormat

    moving = np.zeros((20, 64, 64, 3), dtype=np.uint8)
    for k in range(20):
        moving[k, :, 3 * k : 3 * k + 4] = 255
    for codec in ("libx264", "libvpx-vp9"):
        encoder = SegmentEncoder(VideoFormat(Fraction(30000, 1001), 64, 18, 1, codec))
        encoder.write(moving)
        with av.open(io.BytesIO(encoder.finish())) as container:
            shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert len(shown) == 20
        assert np.abs(np.stack(shown).astype(int) - moving).mean() < 12
