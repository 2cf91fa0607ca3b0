"""Lyrics from a file of the user: LRC, SRT or plain text, told apart by what is in it."""

import re
from dataclasses import replace

from songreel_kit.errors import BrokenLyrics

from songreel_audio.lyrics.lyrics import SPREAD_NOTE, Line, Lyrics, Span, decode, parse_lrc, spread

_SRT_TIME = re.compile(r"\s*(\S+)\s+-->\s+(\S+)(\s.*)?$")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|\{\\[^{}]*\}")
"""`<i>`, `<font ...>` and `{\\an8}`: how a subtitle looks."""
_LRC_MARK = re.compile(
    r"^\s*\[(\d|(ti|ar|al|au|by|re|ve|la|lang|offset|length|tool|#)\s*:)", re.MULTILINE | re.I
)
_SECTION = re.compile(r"\s*(\[[^\]]*\]|#.*)\s*$")


def read(data: bytes) -> Lyrics | tuple[str, ...]:
    """Timed lyrics, or the rows of plain text. Raises `BrokenLyrics`, naming the line."""
    text, warnings = decode(data)
    if any(_SRT_TIME.match(row) for row in text.splitlines()):
        return replace(parse_srt(text), warnings=warnings)
    if _LRC_MARK.search(text):
        return replace(parse_lrc(text), warnings=warnings)
    rows = tuple(
        " ".join(row.split())
        for row in text.splitlines()
        if row.strip() and not _SECTION.match(row)
    )
    if not rows:
        raise BrokenLyrics(
            "the lyrics file holds no words; give an .lrc or .srt file, or the words as plain text"
        )
    return rows


def place(rows: tuple[str, ...], singing: tuple[Span, ...]) -> Lyrics:
    """Plain text spread over the `singing` (not empty)."""
    return Lyrics(spread(rows, singing), "text", timed=False, warnings=(SPREAD_NOTE,))


def parse_srt(text: str) -> Lyrics:
    """Reads SRT: blocks of a number, a time and text. Raises `BrokenLyrics`, naming the line."""
    lines: list[Line] = []
    span: tuple[float, float] | None = None
    words: list[str] = []

    def close() -> None:
        if span and words:
            lines.append(Line(span[0], span[1], " ".join(words)))
        words.clear()

    rows = re.split(r"\r\n|\r|\n", text)
    for number, row in enumerate(rows, start=1):
        match = _SRT_TIME.match(row)
        plain = " ".join(_MARKUP.sub("", row).split())
        if match:
            # The number of this block, where no empty line came before it.
            if words and words[-1].isdigit():
                words.pop()
            close()
            span = _span(match, number)
        elif not plain:
            close()
            span = None
        elif span:
            words.append(plain)
        elif not plain.isdigit() and plain != "WEBVTT":
            raise BrokenLyrics(
                f"line {number} of the lyrics belongs to no time: {plain[:60]!r}; write "
                "00:00:01,000 --> 00:00:02,500 in the line above it",
                line=str(number),
            )
    close()
    if not lines:
        raise BrokenLyrics("the subtitles hold no words; give an .srt or .lrc file with words")
    return Lyrics(tuple(sorted(lines, key=lambda line: line.start)), "srt")


def _span(match: "re.Match[str]", number: int) -> tuple[float, float]:
    times: list[float] = []
    for text in (match[1], match[2]):
        clock = _CLOCK.fullmatch(text)
        if clock is None or int(clock[2]) > 59 or int(clock[3]) > 59:
            raise BrokenLyrics(
                f"line {number} of the lyrics has the time {text[:20]!r}; write it as hh:mm:ss,mmm",
                line=str(number),
            )
        hours, minutes, seconds, fraction = clock[1] or "0", clock[2], clock[3], clock[4]
        whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        times.append(whole + int(fraction) / 10 ** len(fraction))
    if times[1] < times[0]:
        raise BrokenLyrics(
            f"line {number} of the lyrics ends before it starts; mend its times", line=str(number)
        )
    return times[0], times[1]
