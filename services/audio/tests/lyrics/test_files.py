"""Lyrics of every kind of file get times."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_audio.decoding.decoding import Recording
from songreel_audio.lyrics import alignment, files, sources, transcripts
from songreel_audio.lyrics.lyrics import Lyrics, Span, Word
from songreel_audio.lyrics.transcripts import Segment
from songreel_kit.errors import BrokenLyrics

SRT = """1
00:00:01,000 --> 00:00:03,500
<i>First line</i>
goes on

2
00:01:02,25 --> 00:01:04,000 X1:10
{\\an8}Second line
"""


def test_srt_is_told_by_its_arrows():
    lyrics = files.read(SRT.encode())
    assert isinstance(lyrics, Lyrics)
    assert lyrics.source == "srt"
    assert [(line.start, line.end, line.text) for line in lyrics.lines] == [
        (1.0, 3.5, "First line goes on"),
        (62.25, 64.0, "Second line"),
    ]


def test_blocks_without_an_empty_line_between_are_read():
    crowded = SRT.replace("\n\n", "\n").replace("\n", "\r\n")
    lyrics = files.read(crowded.encode())
    assert [line.text for line in lyrics.lines] == ["First line goes on", "Second line"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\n00:00:01,000 --> 00:00:0x,000\nword", "line 2"),
        ("1\n00:00:03,000 --> 00:00:01,000\nword", "line 2"),
        ("1\n00:99:01,000 --> 00:99:02,000\nword", "line 2"),
        ("stray\n00:00:01,000 --> 00:00:02,000\nword", "line 1"),
        ("1\n00:00:01,000 --> 00:00:02,000\n", "no words"),
        ("", "no words"),
        ("[Chorus]\n\n# mine", "no words"),
        ("[00:01.00]one\ntwo", "line 2"),
    ],
)
def test_broken_files_name_what_is_wrong(text, words):
    with pytest.raises(BrokenLyrics, match=words):
        files.read(text.encode())


def test_text_without_times_is_rows():
    assert files.read(b"[Verse 1]\none  two\n\nthree\n") == ("one two", "three")


@given(st.text(max_size=300))
def test_any_text_is_lyrics_or_broken_lyrics(text):
    try:
        lyrics = files.read(text.encode())
    except BrokenLyrics as error:
        assert error.message  # noqa: PT017 - both ends are right
    else:
        assert lyrics.lines if isinstance(lyrics, Lyrics) else all(lyrics)


def words(*timed):
    return [Word(start, end, text) for start, end, text in timed]


def test_recognised_words_give_the_text_its_times():
    heard = words(
        (10, 10.5, "Hello"), (10.6, 11, "darkness,"), (20, 20.4, "old"), (20.5, 21, "frend")
    )
    lines = alignment.align(
        ["Hello, darkness my", "old friend"], heard, [Span(9, 13), Span(19, 22)]
    )
    assert [line.text for line in lines] == ["Hello, darkness my", "old friend"]
    assert lines[0].start == 10
    assert lines[1].start == 20
    assert [word.text for word in lines[0].words] == ["Hello,", "darkness", "my"]
    # "my" lies in the singing between its neighbours, "friend" after the last anchor.
    assert 11 <= lines[0].words[2].start < lines[0].words[2].end <= 20
    assert 20.4 <= lines[1].words[1].start < lines[1].words[1].end <= 22.5


def test_another_song_is_not_forced_onto_the_text():
    heard = words((1, 2, "completely"), (2, 3, "different"), (3, 4, "words"))
    assert alignment.align(["hello darkness", "my old friend"], heard, [Span(0, 9)]) is None


TOKENS = st.sampled_from(["la", "moon", "night", "shine", "heart", "!"])


@given(
    st.lists(st.lists(TOKENS, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=6),
    st.lists(st.tuples(TOKENS, st.floats(0, 3), st.floats(0.01, 2)), max_size=20),
)
def test_aligned_words_are_the_texts_words_in_ascending_order(rows, said):
    time, heard = 0.0, []
    for text, gap, length in said:
        heard.append(Word(time + gap, time + gap + length, text))
        time += gap + length
    lines = alignment.align(rows, heard, [Span(0, time + 5)])
    if lines is None:
        return
    flat = [word for line in lines for word in line.words]
    assert [word.text for word in flat] == " ".join(rows).split()
    for word in flat:
        assert word.end >= word.start >= 0
    for before, after in pairwise(flat):
        assert after.start >= before.end - 1e-6


def segment(text, start=0.0, end=4.0, no_speech=0.1, log_probability=-0.4):
    spoken = tuple(Word(start, end, word) for word in text.split())
    return Segment(start, end, text, spoken, no_speech, log_probability)


SINGING = (Span(0, 100),)


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        (segment("we sing of love"), True),
        (segment("we sing", no_speech=0.9), True),  # singing often counts as no speech
        (segment("we sing", log_probability=-1.5), True),
        (segment("we sing", no_speech=0.9, log_probability=-1.5), False),
        (segment("la la la la la la la la", end=6.0), True),
        (segment("la " * 40, end=4.0), False),
        (segment("I am the one " * 10, end=4.0), False),
        (segment("Thanks for watching!"), False),
        (segment("Sous-titres réalisés par la communauté d'Amara.org"), False),
        (segment("Субтитры сделал DimaTorzok"), False),
        (segment("no thanks for watching me fall apart, my love, tonight again"), True),
        (segment("we sing", start=200, end=204), False),
        (segment("..."), False),
    ],
)
def test_segments_that_were_surely_not_sung_go(part, kept):
    assert bool(transcripts.kept_segments([part], SINGING)) is kept


def test_a_line_comes_four_times_in_a_row_and_no_more():
    parts = [segment("hey now", start=4 * i, end=4 * i + 3) for i in range(9)]
    assert len(transcripts.kept_segments(parts, SINGING)) == 4


def test_words_in_a_twentieth_of_the_song_are_noise():
    few = transcripts.lyrics([segment("yeah", end=2.0)], "en", SINGING, 100.0)
    assert few.lines == ()
    assert few.source == "none"
    assert "instrumental" in few.warnings[0]
    more = transcripts.lyrics([segment("we sing", end=8.0)], "en", SINGING, 100.0)
    assert [line.text for line in more.lines] == ["we sing"]
    assert more.source == "asr"


def test_what_was_left_out_is_said():
    parts = [segment("we sing", end=8.0), segment("thanks for watching", start=9, end=10)]
    assert "1 doubtful" in transcripts.lyrics(parts, "en", SINGING, 100.0).warnings[0]


def recording(tags=None, start=0.0):
    return Recording(np.zeros(22_050 * 30, np.float32), start, tags or {})


def test_plain_text_is_spread_over_the_singing_with_a_warning():
    found = sources.choose(("one", "two"), recording(), (Span(5, 10), Span(20, 25)), whole=True)
    assert found.source == "text"
    assert "no times" in found.warnings[0]
    assert [line.start for line in found.lines] == [5, 20]
    assert found.lines[-1].end <= 25


class KnownTranscript:
    """What a speech model would say; the model itself is tested in test_speech."""

    def __init__(self, *segments):
        self._segments = list(segments)

    def segments(self, samples, language="", check=lambda: None):
        return self._segments, language or "en"


def test_plain_text_takes_its_times_from_recognised_words():
    parts = Segment(6, 8, "one two", (Word(6, 7, "One"), Word(7, 8, "two.")))
    found = sources.choose(
        ("one two", "three"),
        recording(),
        (Span(5, 12),),
        whole=True,
        recognizer=lambda: KnownTranscript(parts),
    )
    assert found.source == "text"
    assert found.warnings == ()
    assert (found.lines[0].start, found.lines[0].end) == (6, 8)
    assert found.language == "en"


def test_text_that_is_not_what_is_sung_is_spread_and_both_are_said():
    found = sources.choose(
        ("one two", "three"),
        recording(),
        (Span(5, 12),),
        whole=True,
        recognizer=lambda: KnownTranscript(segment("other words")),
    )
    assert found.lines[0].start == 5
    assert any("too few" in note for note in found.warnings)
    assert any("no times" in note for note in found.warnings)


def test_a_song_without_words_is_recognised_or_stays_an_instrumental():
    singing = (Span(0, 30),)
    quiet = sources.choose(None, recording(), singing, whole=True)
    assert quiet.source == "none"
    found = sources.choose(
        None,
        recording(),
        singing,
        whole=True,
        recognizer=lambda: KnownTranscript(segment("we sing")),
    )
    assert found.source == "asr"
    tagged = sources.choose(
        None,
        recording({"lyrics": "[00:01.00]mine"}),
        singing,
        whole=True,
        recognizer=lambda: pytest.fail("timed words need no model"),
    )
    assert tagged.source == "tag"
