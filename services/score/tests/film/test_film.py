"""Pictures are copied as they are; what cannot be written is refused before the work."""

import av
import numpy as np
import pytest
from songreel_kit.errors import InvalidRequest, NotVideo
from songreel_score.film.film_strip import film_strip
from songreel_score.film.muxer import check_format, write_film
from songreel_score.sound.takes import RATE, write_take
from songreel_testing.score.films import turn_film
from songreel_testing.score.films import write_film as draw_film


def packets(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def length(path, kind):
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        last = [p for p in container.demux(stream) if p.pts is not None][-1]
        return float((last.pts + last.duration) * stream.time_base)


def film_with_music(tmp_path, source, suffix, seconds=3.0):
    tone = 0.3 * np.sin(np.arange(round(seconds * RATE)) * 0.06)
    music = write_take(tmp_path / "take", [np.stack([tone, tone], 1)], len(tone))
    path = tmp_path / f"out{suffix}"
    write_film(path, source, music, check_format(source, suffix))
    return path


@pytest.mark.parametrize(
    ("codec", "source", "suffix"),
    [
        ("libx264", ".mp4", ".mp4"),
        ("libx264", ".mkv", ".mp4"),
        ("libx264", ".mp4", ".mkv"),
        ("libx264", ".mp4", ".mov"),
        ("libvpx", ".webm", ".webm"),
    ],
)
def test_pictures_are_copied_and_the_music_is_as_long(tmp_path, codec, source, suffix):
    sound = np.zeros(RATE, np.float32)
    video = draw_film(tmp_path / f"a{source}", seconds=3.0, codec=codec, sound=sound)
    film = film_with_music(tmp_path, video, suffix)
    assert len(packets(film)) == len(packets(video)) == 75
    assert length(film, "audio") == pytest.approx(3.0, abs=0.05)
    with av.open(str(film)) as container:
        assert len(container.streams) == 2
        decoded = np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)
    assert np.abs(decoded).max() > 0.1


def test_a_turned_video_stays_turned(tmp_path):
    video = turn_film(draw_film(tmp_path / "a.mp4", seconds=2.0))
    film = film_with_music(tmp_path, video, ".mp4", 2.0)
    with av.open(str(video)) as one, av.open(str(film)) as other:
        turned = [next(c.decode(video=0)).rotation for c in (one, other)]
    assert turned[0] == turned[1] != 0


def test_times_of_a_variable_rate_are_kept(tmp_path):
    times = [0.0, 0.1, 0.5, 0.52, 1.4, 2.0]
    film = film_with_music(tmp_path, draw_film(tmp_path / "a.mp4", times=times), ".mp4", 2.1)
    with av.open(str(film)) as container:
        assert [f.time for f in container.decode(video=0)] == pytest.approx(times, abs=1e-3)


def test_a_format_that_cannot_hold_the_pictures_is_refused_by_name(tmp_path):
    video = draw_film(tmp_path / "a.webm", seconds=1.2, codec="libvpx")
    with pytest.raises(InvalidRequest, match=r"write \.mov|write \.webm"):
        check_format(video, ".mp4")


@pytest.mark.parametrize("suffix", ["", ".avi", ".txt"])
def test_an_unknown_format_is_refused(tmp_path, suffix):
    video = draw_film(tmp_path / "a.mp4", seconds=1.2)
    with pytest.raises(InvalidRequest, match=r"known: \.mp4"):
        check_format(video, suffix)


def test_a_file_that_is_no_video_is_refused(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("text")
    with pytest.raises(NotVideo):
        check_format(path, ".mp4")


def test_a_film_strip_shows_the_shots_in_order(tmp_path):
    def picture(time):
        return np.full((90, 160, 3), [[255, 0, 0], [0, 255, 0], [0, 0, 255]][int(time)], np.uint8)

    strip = film_strip(draw_film(tmp_path / "a.mp4", seconds=3.0, picture=picture), 3.0, 3)
    assert [int(each.reshape(-1, 3).mean(0).argmax()) for each in strip] == [0, 1, 2]
    assert strip[0].shape[0] == 120


def test_a_film_strip_turns_what_players_turn(tmp_path):
    video = turn_film(draw_film(tmp_path / "a.mp4", seconds=2.0))
    height, width, _ = film_strip(video, 2.0, 2)[0].shape
    assert height > width
