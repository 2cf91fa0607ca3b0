"""Videos are read whole whatever they are, or refused with a reason."""

import wave

import av
import numpy as np
import pytest
from songreel_kit.errors import CorruptVideo, EmptyFile, NotVideo, VideoTooLong, VideoTooShort
from songreel_score.watch.video_file import VideoFacts, VideoLimits, read_pictures, read_sound
from songreel_testing.score.films import turn_film, write_film


def read(path, limits=None):
    facts = VideoFacts()
    times = [picture.time for picture in read_pictures(path, facts, limits)]
    return facts, times


def test_length_runs_to_the_end_of_the_last_picture(tmp_path):
    facts, times = read(write_film(tmp_path / "a.mp4", seconds=2.0))
    assert facts.duration == pytest.approx(2.0, abs=1e-6)
    assert (len(times), facts.width, facts.height, facts.has_sound) == (50, 160, 90, False)


def test_pictures_of_a_variable_rate_keep_their_times(tmp_path):
    wanted = [0.0, 0.04, 0.2, 0.21, 0.9, 1.5, 1.54]
    facts, times = read(write_film(tmp_path / "a.mp4", times=wanted))
    assert times == pytest.approx(wanted, abs=1e-4)
    assert facts.duration == pytest.approx(1.58, abs=0.02)


def test_a_turned_video_is_measured_as_shown(tmp_path):
    facts, _ = read(turn_film(write_film(tmp_path / "a.mp4", seconds=1.2)))
    assert (facts.width, facts.height) == (90, 160)


def test_ten_bits_are_read(tmp_path):
    path = write_film(tmp_path / "a.mp4", seconds=1.2, codec="libx265", pix_fmt="yuv420p10le")
    facts, _ = read(path)
    assert facts.pictures == 30


def test_sound_longer_than_the_pictures_does_not_lengthen_the_film(tmp_path):
    path = write_film(tmp_path / "a.mp4", seconds=1.6, sound=np.zeros(4 * 48_000, np.float32))
    facts, _ = read(path)
    assert facts.has_sound
    assert facts.duration == pytest.approx(1.6, abs=1e-6)


def test_a_broken_tail_leaves_the_good_pictures_and_a_warning(tmp_path):
    path = write_film(tmp_path / "a.mkv", seconds=4.0, cuts=(1.0, 2.0, 3.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    facts, _ = read(path)
    assert 1.0 < facts.duration < 4.0


def test_noise_in_the_middle_is_told(tmp_path):
    path = write_film(tmp_path / "a.mp4", seconds=4.0, cuts=(1.0, 2.0, 3.0))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    path.write_bytes(bytes(data))
    _, times = read(path)
    assert len(times) > 50
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("make", "error", "word"),
    [
        (lambda p: p.write_bytes(b""), EmptyFile, "empty"),
        (lambda p: p.write_text("no film at all"), NotVideo, "no video"),
        (lambda p: write_sound_only(p), NotVideo, "only sound"),
        (lambda p: write_film(p, times=[0.0]), VideoTooShort, "one picture"),
        (lambda p: write_film(p, seconds=0.4), VideoTooShort, "0.40 s"),
        (lambda p: write_without_pictures(p), (NotVideo, CorruptVideo), "video"),
    ],
    ids=["empty", "text", "sound alone", "one picture", "short", "no pictures"],
)
def test_what_is_no_video_is_refused(tmp_path, make, error, word):
    path = tmp_path / "a.mp4"
    make(path)
    with pytest.raises(error, match=word):
        read(path)


def test_a_video_over_the_limit_is_refused_before_it_is_decoded(tmp_path):
    path = write_film(tmp_path / "a.mp4", seconds=3.0)
    facts = VideoFacts()
    with pytest.raises(VideoTooLong, match="cut it into parts"):
        list(read_pictures(path, facts, VideoLimits(max_seconds=2.0)))
    assert facts.pictures == 0


def test_sound_starts_with_the_first_picture(tmp_path):
    tone = np.zeros(96_000, np.float32)
    tone[48_000:] = 0.5 * np.sin(np.arange(48_000) * 0.1)
    path = write_film(tmp_path / "a.mp4", seconds=2.0, sound=tone)
    heard = np.concatenate(list(read_sound(path, 48_000, 2)))
    begins = np.argmax(np.abs(heard[:, 0]) > 0.2) / 48_000
    assert begins == pytest.approx(1.0, abs=0.005)


def write_sound_only(path):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16_000))


def write_without_pictures(path):
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.start_encoding()
