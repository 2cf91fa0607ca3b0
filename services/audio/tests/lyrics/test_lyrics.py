"""LRC files, tags and plain text become timed lines, or an error that names the line."""

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_audio.lyrics import files
from songreel_audio.lyrics.lyrics import Span, cut_to_excerpt, decode, parse_lrc, read_tags, spread
from songreel_kit.errors import BrokenLyrics


def starts(lyrics):
    return [round(line.start, 3) for line in lyrics.lines]


def texts(lyrics):
    return [line.text for line in lyrics.lines]


def test_lines_last_until_the_next_one():
    lyrics = parse_lrc("[00:01.50]one\n[00:03.00]two\n[00:04.00]\n")
    assert texts(lyrics) == ["one", "two"]
    assert [(line.start, line.end) for line in lyrics.lines] == [(1.5, 3.0), (3.0, 4.0)]
    assert lyrics.source == "lrc"


def test_a_line_before_an_interlude_ends_in_good_time():
    line = parse_lrc("[00:01.00]la la la\n[01:00.00]again").lines[0]
    assert 3.0 < line.end < 10.0


def test_several_times_and_any_order():
    lyrics = parse_lrc("[00:20.00][00:05.00]chorus\n[00:10]verse")
    assert starts(lyrics) == [5.0, 10.0, 20.0]
    assert texts(lyrics) == ["chorus", "verse", "chorus"]


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("[0:01.5]", 1.5), ("[00:01.05]", 1.05), ("[00:01.055]", 1.055), ("[00:01:50]", 1.5),
     ("[100:00.00]", 6000.0), (" [00:01.50] ", 1.5)],
)  # fmt: skip
def test_times_are_written_in_many_ways(time, seconds):
    assert parse_lrc(f"{time}word").lines[0].start == pytest.approx(seconds)


def test_known_tags_are_read_and_others_ignored():
    lyrics = parse_lrc("[ti:Ode]\n[ar:Someone]\n[la:de]\n[by:x]\n[#:note]\n[00:01.00]Freude")
    assert (lyrics.title, lyrics.artist, lyrics.language) == ("Ode", "Someone", "de")


@pytest.mark.parametrize(("offset", "start"), [("+500", 9.5), ("-500", 10.5), ("0", 10.0)])
def test_a_positive_offset_shows_lines_sooner(offset, start):
    assert parse_lrc(f"[offset:{offset}]\n[00:10.00]word").lines[0].start == pytest.approx(start)


def test_an_offset_does_not_reach_before_the_song():
    assert parse_lrc("[offset:5000]\n[00:01.00]word\n[00:09.00]x").lines[0].start == 0.0


def test_word_times_are_kept():
    line = parse_lrc("[00:10.00]<00:10.00>Sing <00:10.50>with <00:11.00>me\n[00:12.00]").lines[0]
    assert line.text == "Sing with me"
    assert [(w.start, w.end, w.text) for w in line.words] == [
        (10.0, 10.5, "Sing"), (10.5, 11.0, "with"), (11.0, 12.0, "me")
    ]  # fmt: skip


def test_names_of_sections_and_comments_are_no_words():
    assert texts(parse_lrc("# mine\n[Chorus]\n[00:01.00]word")) == ["word"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[00:01.00]one\n[00:0x.00]two", "line 2"),
        ("[00:01.00]one\nno time here", "line 2"),
        ("[00:61.00]one", "line 1"),
        ("[00:01.00 one", "line 1"),
        ("[00:01.00]<00:99.00>one", "line 1"),
        ("[offset:soon]\n[00:01.00]one", "offset"),
        ("", "no timed line"),
        ("[ti:only tags]", "no timed line"),
    ],
)
def test_broken_lyrics_name_the_line(text, line):
    with pytest.raises(BrokenLyrics, match=line):
        parse_lrc(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_with_a_mark_are_known(encoding):
    lyrics = files.read("[00:01.00]Fjällräven 歌".encode(encoding))
    assert texts(lyrics) == ["Fjällräven 歌"]
    assert lyrics.warnings == ()


def test_latin_1_is_read_with_a_warning():
    lyrics = files.read("[00:01.00]déjà vu".encode("latin-1"))
    assert texts(lyrics) == ["déjà vu"]
    assert "Latin-1" in lyrics.warnings[0]


@pytest.mark.parametrize("data", [b"\x00\x01\x02", b"a" * 2_000_000, b"\xff\xfe\x00\xd8"])
def test_what_is_no_text_is_broken(data):
    with pytest.raises(BrokenLyrics):
        files.read(data)


@given(st.binary(max_size=400))
def test_any_bytes_are_lyrics_or_broken_lyrics(data):
    try:
        lyrics = parse_lrc(decode(data)[0])
    except BrokenLyrics as error:
        assert error.message  # noqa: PT017 - both ends are right
    else:
        check_order(lyrics.lines)


def check_order(lines):
    assert list(lines) == sorted(lines, key=lambda line: line.start)
    for line in lines:
        assert 0 <= line.start <= line.end
        for word in line.words:
            assert 0 <= word.start <= word.end


WORDS = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)
TIMES = st.integers(0, 359_999)


@given(st.lists(st.tuples(TIMES, WORDS), min_size=1, max_size=30))
def test_what_is_written_is_read(rows):
    text = "\n".join(f"[{t // 6000:02d}:{t // 100 % 60:02d}.{t % 100:02d}]{w}" for t, w in rows)
    lyrics = parse_lrc(text)
    assert sorted((round(line.start * 100), line.text) for line in lyrics.lines) == sorted(rows)
    check_order(lyrics.lines)


@given(
    st.text(alphabet="[]<>:.0123456789abc \n", max_size=200),
)
def test_text_like_lrc_is_lyrics_or_broken_lyrics(text):
    with contextlib.suppress(BrokenLyrics):
        check_order(parse_lrc(text).lines)


@given(
    st.lists(st.tuples(TIMES, WORDS), min_size=1, max_size=20),
    st.floats(0, 3000),
    st.floats(1, 600),
)
def test_lines_of_an_excerpt_lie_within_it(rows, start, duration):
    text = "\n".join(f"[{t // 6000}:{t // 100 % 60:02d}.{t % 100:02d}]{w}" for t, w in rows)
    for line in cut_to_excerpt(parse_lrc(text), start, duration, whole=False).lines:
        assert 0 <= line.start <= line.end <= duration + 1e-6


def test_lines_after_the_song_are_left_out_with_a_warning():
    lyrics = parse_lrc("[00:01.00]in\n[05:00.00]out")
    heard = cut_to_excerpt(lyrics, 0.0, 30.0, whole=True)
    assert texts(heard) == ["in"]
    assert "1 lines" in heard.warnings[0]
    assert cut_to_excerpt(lyrics, 0.0, 0.5, whole=True).source == "none"


def test_an_excerpt_rebases_lines_without_a_warning():
    lyrics = parse_lrc("[00:01.00]before\n[00:10.00]in\n[00:12.00]\n[00:50.00]after")
    heard = cut_to_excerpt(lyrics, 9.0, 5.0, whole=False)
    assert [(line.start, line.end, line.text) for line in heard.lines] == [(1.0, 3.0, "in")]
    assert heard.warnings == ()
    assert heard.source == "lrc"


SINGING = (Span(10.0, 20.0), Span(40.0, 60.0))


def test_a_tag_with_times_is_lrc():
    lyrics = read_tags({"lyrics-deu": "[00:01.00]Freude\n[00:02.00]schöner"}, SINGING)
    assert (lyrics.source, lyrics.language) == ("tag", "de")
    assert starts(lyrics) == [1.0, 2.0]


def test_a_tag_without_times_is_spread_over_the_singing():
    lyrics = read_tags({"unsyncedlyrics": "one line\n\n[Chorus]\nanother one\nthe last"}, SINGING)
    assert texts(lyrics) == ["one line", "another one", "the last"]
    assert lyrics.lines[0].start == 10.0
    assert lyrics.lines[-1].end == pytest.approx(60.0)
    assert "no times" in lyrics.warnings[0]


def test_a_song_without_lyrics_is_no_error():
    assert read_tags({"title": "lyrics"}, SINGING).source == "none"


def test_broken_lyrics_in_a_tag_do_not_spoil_the_song():
    lyrics = read_tags({"lyrics": "[00:01.00]one\nwithout a time"}, SINGING)
    assert lyrics.source == "none"
    assert "line 2" in lyrics.warnings[0]


SPANS = st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 20)), min_size=1, max_size=6)


@given(st.lists(WORDS, min_size=1, max_size=20), SPANS)
def test_spread_lines_ascend_within_the_singing(rows, gaps):
    spans, time = [], 0.0
    for gap, length in gaps:
        spans.append(Span(time + gap, time + gap + length))
        time = spans[-1].end
    lines = spread(rows, spans)
    assert [line.text for line in lines] == rows
    for before, after in itertools.pairwise(lines):
        assert before.start <= before.end <= after.start + 1e-6
    assert spans[0].start - 1e-6 <= lines[0].start
    assert lines[-1].end <= spans[-1].end + 1e-6
