"""Lyrics with times are read from the tag of an mp3."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_audio.analysis import AnalysisRequest, analyze
from songreel_audio.decoding import synced_tags
from songreel_audio.lyrics.lyrics import parse_lrc

CODECS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


def synchsafe(number):
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def body(pieces, encoding=3, unit=2, content=1, language=b"eng"):
    end = b"\0\0" if encoding in (1, 2) else b"\0"
    data = bytes([encoding]) + language + bytes([unit, content]) + end
    for time, text in pieces:
        data += text.encode(CODECS[encoding]) + end + struct.pack(">I", time)
    return data


def tag(content, version=3, flags=0, frame_flags=0):
    """An ID3v2 tag with a title and a frame of synchronised lyrics, and padding."""
    if version == 2:
        frames = b"TT2" + (4).to_bytes(3, "big") + b"\0Ode"
        frames += b"SLT" + len(content).to_bytes(3, "big") + content
    else:
        size = synchsafe if version == 4 else lambda number: struct.pack(">I", number)
        frames = b"TIT2" + size(4) + b"\0\0" + b"\0Ode"
        frames += b"SYLT" + size(len(content)) + bytes([0, frame_flags]) + content
    if flags & 0x80:
        frames = frames.replace(b"\xff", b"\xff\0")
    frames += bytes(20)
    return b"ID3" + bytes([version, 0, flags]) + synchsafe(len(frames)) + frames


def read(tmp_path, data):
    path = tmp_path / "song.mp3"
    path.write_bytes(data)
    return synced_tags.read(path)


LINES = [(1_000, "Freude, schöner"), (62_500, "Götterfunken"), (63_000, "")]


@pytest.mark.parametrize("encoding", range(4))
@pytest.mark.parametrize("version", [2, 3, 4])
def test_whole_lines(tmp_path, version, encoding):
    language, text = read(tmp_path, tag(body(LINES, encoding, language=b"deu"), version))
    assert language == "deu"
    lines = parse_lrc(text).lines
    assert [(line.start, line.text) for line in lines] == [
        (1.0, "Freude, schöner"), (62.5, "Götterfunken")
    ]  # fmt: skip
    assert lines[1].end == 63.0


def test_syllables_become_words_and_line_feeds_lines(tmp_path):
    pieces = [(1000, "Si"), (1200, "lent "), (1500, "night,"), (4000, "\nho"), (4300, "ly")]
    _, text = read(tmp_path, tag(body(pieces)))
    lines = parse_lrc(text).lines
    assert [line.text for line in lines] == ["Silent night,", "holy"]
    assert [(word.start, word.text) for word in lines[0].words] == [
        (1.0, "Silent"),
        (1.5, "night,"),
    ]
    assert lines[1].start == 4.0


def test_zero_bytes_that_protect_old_players_are_taken_out(tmp_path):
    pieces = [(255, "one"), (65_280, "two")]  # times with bytes of 255
    expected = ["[00:00.255]one", "[01:05.280]two"]
    for data in (
        tag(body(pieces), flags=0x80),
        tag(body(pieces).replace(b"\xff", b"\xff\0"), version=4, frame_flags=0x02),
    ):
        assert read(tmp_path, data)[1].splitlines() == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ID3",
        tag(body(LINES, unit=1)),  # counted in MPEG frames
        tag(body(LINES, content=5)),  # chords
        tag(body(LINES)[:-9]),
        tag(body(LINES), version=4, frame_flags=0x08),  # compressed
        tag(b"\x07engxx"),
        tag(b""),
        tag(body(LINES))[:60],
    ],
)
def test_what_is_not_as_it_should_be_gives_no_lyrics(tmp_path, data):
    assert read(tmp_path, data) is None


@given(st.binary(max_size=200), st.sampled_from([2, 3, 4]), st.integers(0, 255))
def test_any_tag_is_survived(tmp_path_factory, data, version, flags):
    content = bytes([3]) + b"eng" + bytes([2, 1]) + data
    synced = read(tmp_path_factory.getbasetemp(), tag(content, version, flags))
    assert synced is None or isinstance(synced[1], str)


def test_a_song_with_such_a_tag_is_heard_with_its_lyrics(song_file):
    path = song_file("song.mp3", seconds=5.0, tags={"lyrics": "words without times"})
    path.write_bytes(tag(body([(1_000, "one line"), (3_000, "another")])) + path.read_bytes())
    analysis = analyze(path, AnalysisRequest(extractor="rules"))
    assert analysis.lyrics_source == "tag"
    assert [(line.start, line.text) for line in analysis.lyrics] == [
        (1.0, "one line"), (3.0, "another")
    ]  # fmt: skip
    assert analysis.language == "en"
    assert analysis.duration == pytest.approx(5.0, abs=0.1)
