"""Any file ends in samples, in samples with a warning, or in a typed error."""

import struct
import tempfile

import numpy as np
import psutil
import pytest
from songreel_audio.decoding.decoding import DecodeLimits, Excerpt, decode
from songreel_audio.spectrum import SAMPLE_RATE
from songreel_kit.errors import (
    AudioTooLong,
    AudioTooShort,
    Cancelled,
    CorruptAudio,
    EmptyFile,
    InvalidRequest,
    NotAudio,
    SilentAudio,
    SongreelError,
)


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """A folder for temporary files, which must be empty again afterwards."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("suffix", ["wav", "mp3", "ogg", "opus", "flac", "m4a"])
def test_every_common_format_is_decoded_whole_and_in_place(song_file, suffix):
    rate = 48_000 if suffix == "opus" else 44_100
    recording = decode(song_file(f"song.{suffix}", seconds=3.0, rate=rate))
    assert recording.duration == pytest.approx(3.0, abs=0.06)
    assert recording.warnings == ()
    # The second note begins at 0.5 s: decoders' delays are taken away.
    quiet = np.abs(recording.samples[int(0.44 * SAMPLE_RATE) : int(0.49 * SAMPLE_RATE)]).max()
    onset = np.abs(recording.samples[int(0.502 * SAMPLE_RATE) : int(0.53 * SAMPLE_RATE)]).max()
    assert onset > 4 * quiet


def test_tags_are_read(song_file):
    path = song_file("song.mp3", tags={"title": "Ode", "artist": "Someone"})
    assert decode(path).tags["title"] == "Ode"
    assert decode(path).tags["artist"] == "Someone"


def test_an_excerpt_is_that_part_of_the_song(song_file):
    path = song_file("song.flac", seconds=4.0)
    whole = decode(path).samples
    part = decode(path, Excerpt(1.0, 2.0))
    assert part.start == 1.0
    assert part.samples == pytest.approx(whole[SAMPLE_RATE : 3 * SAMPLE_RATE])


def test_an_excerpt_without_length_goes_to_the_end(song_file):
    assert decode(song_file(seconds=4.0), Excerpt(2.5)).duration == pytest.approx(1.5, abs=0.01)


def test_an_excerpt_that_ends_after_the_song_is_shortened_and_said_so(song_file):
    part = decode(song_file(seconds=3.0), Excerpt(1.0, 10.0))
    assert part.duration == pytest.approx(2.0, abs=0.01)
    assert "the song ends at 3.00 s" in part.warnings[0]


@pytest.mark.parametrize(
    "excerpt", [Excerpt(3.5), Excerpt(100, 5), Excerpt(-1), Excerpt(0, 0.2), Excerpt(float("nan"))]
)
def test_an_excerpt_outside_the_song_is_refused(song_file, excerpt):
    with pytest.raises(InvalidRequest) as caught:
        decode(song_file(seconds=3.0), excerpt)
    assert type(caught.value) is InvalidRequest


def test_channels_that_cancel_out_are_still_heard(song_file):
    tone = 0.5 * np.sin(np.arange(88_200) * 0.05)
    recording = decode(song_file(samples=np.stack([tone, -tone])))
    assert np.abs(recording.samples).max() > 0.4


def test_an_empty_file(tmp_path):
    path = tmp_path / "song.mp3"
    path.touch()
    with pytest.raises(EmptyFile, match="0 bytes"):
        decode(path)


@pytest.mark.parametrize(
    "content",
    [
        b"These are no sounds.\n" * 500,
        np.random.default_rng(3).bytes(100_000),
        b"%PDF-1.7\n" + b"x" * 5_000,
        b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/song.mp3\n",
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
        b"\0" * 50_000,
    ],
)
def test_what_is_no_audio_is_refused(tmp_path, content):
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    with pytest.raises(NotAudio, match="not a song"):
        decode(path)


def test_silence(song_file):
    with pytest.raises(SilentAudio):
        decode(song_file("song.mp3", samples=np.zeros((2, 88_200))))


def test_a_silent_excerpt_of_a_song(song_file):
    sound = np.concatenate([np.zeros(88_200), 0.3 * np.sin(np.arange(88_200) * 0.05)])
    path = song_file(samples=sound[None])
    with pytest.raises(SilentAudio, match="this part"):
        decode(path, Excerpt(0, 1.5))


def test_a_third_of_a_second(song_file):
    with pytest.raises((AudioTooShort, CorruptAudio)) as caught:
        decode(song_file(seconds=0.3))
    assert type(caught.value) is AudioTooShort
    with pytest.raises(AudioTooShort):
        decode(song_file("song.mp3", seconds=0.3))


def wav_header(rate, channels, bits, data_bytes):
    block = channels * bits // 8
    return (
        b"RIFF" + struct.pack("<I", 36 + data_bytes) + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * block, block, bits)
        + b"data" + struct.pack("<I", data_bytes)
    )  # fmt: skip


def test_three_hours_are_refused_by_the_header(tmp_path):
    path = tmp_path / "long.wav"
    size = 3 * 3600 * 8_000
    with path.open("wb") as file:
        file.write(wav_header(8_000, 1, 8, size))
        file.truncate(44 + size)
    with pytest.raises(AudioTooLong, match="10800 s"):
        decode(path)


def test_a_song_longer_than_its_header_says_is_refused_too(song_file):
    path = song_file("song.mp3", seconds=6.0)
    content = path.read_bytes()
    # Two songs on end: the header tells the length of the first alone.
    path.write_bytes(content + content)
    with pytest.raises(AudioTooLong):
        decode(path, limits=DecodeLimits(max_seconds=8.0))


def test_a_file_of_too_many_bytes(song_file):
    with pytest.raises(AudioTooLong, match="MiB"):
        decode(song_file(), limits=DecodeLimits(max_bytes=1000))


def test_a_sample_rate_of_one_hertz_is_refused(tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(wav_header(1, 1, 16, 4_000) + bytes(range(200)) * 20)
    with pytest.raises((CorruptAudio, AudioTooLong)):
        decode(path)


def test_samples_that_are_no_numbers_become_silence(tmp_path):
    path = tmp_path / "song.wav"
    sound = np.sin(np.arange(88_200) * 0.05).astype("<f4")
    sound[1000:1100] = np.nan
    sound[2000:2100] = np.inf
    header = bytearray(wav_header(44_100, 1, 32, sound.nbytes))
    header[20:22] = struct.pack("<H", 3)  # IEEE float
    path.write_bytes(bytes(header) + sound.tobytes())
    samples = decode(path).samples
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 4.0


def test_a_song_that_breaks_off_is_heard_with_a_warning(song_file):
    path = song_file("song.mp3", seconds=8.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    recording = decode(path)
    assert recording.duration == pytest.approx(4.0, abs=0.5)
    assert "cut off or damaged" in recording.warnings[0]


def test_an_mp3_of_which_nothing_is_left_is_corrupt(song_file):
    path = song_file("song.mp3", seconds=4.0)
    content = bytearray(path.read_bytes())
    content[600:] = np.random.default_rng(2).bytes(len(content) - 600)
    path.write_bytes(content)
    with pytest.raises(CorruptAudio):
        decode(path)


def flip_bits(content, seed, share):
    noise = np.random.default_rng(seed)
    data = np.frombuffer(content, np.uint8).copy()
    places = noise.integers(0, len(data), max(int(len(data) * share), 1))
    data[places] ^= (1 << noise.integers(0, 8, len(places))).astype(np.uint8)
    return data.tobytes()


def survive(path, content):
    path.write_bytes(content)
    try:
        recording = decode(path, limits=DecodeLimits(wall_seconds=30))
    except SongreelError as error:
        assert isinstance(error, InvalidRequest)  # noqa: PT017 - both ends are right
        assert len(error.message) > 20  # noqa: PT017 - both ends are right
    else:
        assert np.isfinite(recording.samples).all()
        assert recording.duration < 60


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ogg"])
def test_flipped_bits_never_crash_or_hang(song_file, suffix, seed):
    path = song_file(f"song.{suffix}", seconds=5.0)
    survive(path, flip_bits(path.read_bytes(), seed, 10.0 ** -(1 + seed % 4)))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ogg", "flac", "wav", "opus"])
def test_flipped_bits_never_crash_or_hang_with_many_seeds(song_file, suffix):
    path = song_file(f"song.{suffix}", seconds=5.0, rate=48_000)
    content = path.read_bytes()
    for seed in range(100):
        survive(path, flip_bits(content, 1000 + seed, 10.0 ** -(1 + seed % 4)))


def children():
    return [
        p
        for p in psutil.Process().children()
        if p.status() != psutil.STATUS_ZOMBIE
        and "songreel_audio.decoding.process" in " ".join(p.cmdline())
    ]


def test_a_decoder_that_takes_too_long_is_killed(song_file):
    with pytest.raises(CorruptAudio, match="could not be decoded within"):
        decode(song_file("song.mp3", seconds=30), limits=DecodeLimits(wall_seconds=0.001))
    assert children() == []


def test_giving_up_kills_the_decoder(song_file):
    seen = []

    def check():
        seen.append(len(children()))
        if len(seen) > 1:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        decode(song_file("song.flac", seconds=60), check=check)
    assert seen[1] == 1
    assert children() == []


def test_a_decoder_short_of_memory_is_an_error_of_the_file(song_file):
    with pytest.raises(CorruptAudio):
        decode(song_file(), limits=DecodeLimits(memory_bytes=40_000_000))
