"""The words of a song: LRC text, embedded tags, and plain text spread over the singing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from songreel_kit.errors import BrokenLyrics

MAX_BYTES = 1024 * 1024

_TIME = re.compile(r"\s*\[(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_WORD_TIME = re.compile(r"<(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?>")
_TAG = re.compile(r"\s*\[([A-Za-z#][\w#]*)\s*:(.*)\]\s*$")
_MARK = re.compile(r"\s*(\[[^\]\d:][^\]:]*\]|#.*)\s*$")
"""A section's name ("[Chorus]") or a comment: no words."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

# ISO 639-2 codes, as ID3 has them, of the languages with a two-letter code that songs on
# the usual services are in most often.
_SHORT_LANGUAGE = {
    "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "ita": "it",
    "por": "pt", "nld": "nl", "dut": "nl", "swe": "sv", "dan": "da", "nor": "no", "fin": "fi",
    "pol": "pl", "rus": "ru", "ukr": "uk", "tur": "tr", "jpn": "ja", "kor": "ko", "zho": "zh",
    "chi": "zh", "ara": "ar", "heb": "he", "hin": "hi", "ell": "el", "gre": "el", "ces": "cs",
    "cze": "cs", "hun": "hu", "ron": "ro", "rum": "ro",
}  # fmt: skip


@dataclass(frozen=True)
class Span:
    """From `start` to `end`, in seconds."""

    start: float
    end: float


@dataclass(frozen=True)
class Word:
    """A word and when it is sung, in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Line:
    """A line of the lyrics and when it is sung, in seconds."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()


_Part = TypeVar("_Part", Word, Line)


@dataclass(frozen=True)
class Lyrics:
    """The words of a song."""

    lines: tuple[Line, ...] = ()
    source: str = "none"
    """"lrc", "srt", "tag", "text", "asr" or "none"."""
    language: str = ""
    """BCP-47, empty when unknown."""
    title: str = ""
    artist: str = ""
    timed: bool = True
    """False when the lines were only spread over the singing."""
    warnings: tuple[str, ...] = ()


SPREAD_NOTE = "the lyrics have no times; they were spread over the singing"


@dataclass(frozen=True)
class _Timed:
    start: float
    text: str
    words: tuple[tuple[float, str], ...] = ()


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Text of a lyrics file and what to warn of. Raises `BrokenLyrics`."""
    if len(data) > MAX_BYTES:
        raise BrokenLyrics(f"the lyrics file has {len(data)} bytes; at most {MAX_BYTES} are read")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), ()
        except UnicodeDecodeError as error:
            raise BrokenLyrics(f"the lyrics are no whole UTF-16 text: {error.reason}") from error
    if b"\0" in data:
        raise BrokenLyrics(
            "the lyrics file is no text (it holds zero bytes); give an .lrc, .srt or .txt file"
        )
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        note = "the lyrics are not UTF-8; they were read as Latin-1, save the file as UTF-8"
        return data.decode("latin-1"), (note,)


def parse_lrc(text: str) -> Lyrics:
    """Reads LRC text. Raises `BrokenLyrics`, naming the line."""
    timed: list[_Timed] = []
    tags: dict[str, str] = {}
    for number, row in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if not row.strip() or _MARK.match(row):
            continue
        found = _timed(row, number)
        tag = _TAG.match(row)
        if found:
            timed += found
        elif tag:
            tags[tag[1].lower()] = tag[2].strip()
        else:
            raise BrokenLyrics(
                f"line {number} of the lyrics has no time: {row.strip()[:60]!r}; "
                "write it as [mm:ss.xx]words",
                line=str(number),
            )
    if not timed:
        raise BrokenLyrics("the lyrics hold no timed line; write lines as [mm:ss.xx]words")
    timed.sort(key=lambda line: line.start)
    shift = _offset(tags)
    language = tags.get("la", tags.get("lang", ""))
    return Lyrics(
        lines=_lines(timed, shift),
        source="lrc",
        language=language if _LANGUAGE.fullmatch(language) else "",
        title=tags.get("ti", ""),
        artist=tags.get("ar", ""),
    )


def _timed(row: str, number: int) -> list[_Timed]:
    """The row once for each of its times; empty when it has none."""
    starts: list[float] = []
    at = 0
    while match := _TIME.match(row, at):
        starts.append(_seconds(match, number))
        at = match.end()
    rest = row[at:]
    if not starts:
        return []
    pieces = _WORD_TIME.split(rest)
    words: list[tuple[float, str]] = []
    for match, piece in zip(_WORD_TIME.finditer(rest), pieces[4::4], strict=True):
        words.append((_seconds(match, number) - starts[0], piece.strip()))
    text = " ".join(_WORD_TIME.sub(" ", rest).split())
    return [
        _Timed(start, text, tuple((start + offset, word) for offset, word in words))
        for start in starts
    ]


def _seconds(match: "re.Match[str]", number: int) -> float:
    minutes, seconds, fraction = match[1], match[2], match[3] or "0"
    if int(seconds) >= 60:
        raise BrokenLyrics(
            f"line {number} of the lyrics has the time {match[0].strip()}: seconds go up to 59",
            line=str(number),
        )
    return int(minutes) * 60 + int(seconds) + int(fraction) / 10 ** len(fraction)


def _offset(tags: dict[str, str]) -> float:
    """Seconds to add to every time; a positive `[offset:]` (ms) shows lines sooner."""
    value = tags.get("offset", "0") or "0"
    try:
        return -int(value) / 1000.0
    except ValueError:
        raise BrokenLyrics(
            f"the lyrics' [offset:{value[:20]}] is no whole number of milliseconds"
        ) from None


def _lines(timed: Sequence[_Timed], shift: float) -> tuple[Line, ...]:
    lines: list[Line] = []
    for index, line in enumerate(timed):
        if not line.text:
            continue
        later = (other.start for other in timed[index + 1 :] if other.start > line.start)
        # Seconds that a slowly sung line of this length takes; then it is an interlude.
        longest = 2.5 + 0.12 * len(line.text)
        end = min(next(later, float("inf")), line.start + longest)
        words = _words(line.words, end, shift)
        start = max(line.start + shift, 0.0)
        lines.append(Line(start, max(end + shift, start), line.text, words))
    return tuple(lines)


def _words(timed: Sequence[tuple[float, str]], end: float, shift: float) -> tuple[Word, ...]:
    ends = [*(start for start, _ in timed[1:]), end][: len(timed)]
    words: list[Word] = []
    for (start, text), stop in zip(timed, ends, strict=True):
        if text:
            first = max(start + shift, 0.0)
            words.append(Word(first, max(stop + shift, first), text))
    return tuple(words)


def read_tags(tags: dict[str, str], singing: Sequence[Span]) -> Lyrics:
    """Lyrics from a file's tags (keys in lower case), or none.

    Text without times is spread over the `singing`, longer lines longer.
    """
    for key, text in tags.items():
        name, _, language = key.partition("-")
        if name not in ("lyrics", "unsyncedlyrics", "uslt", "syncedlyrics") or not text.strip():
            continue
        known = _SHORT_LANGUAGE.get(language, "")
        if _TIME.match(text.lstrip()) or _TAG.match(text.lstrip().split("\n")[0]):
            try:
                found = parse_lrc(text)
            except BrokenLyrics as error:
                note = f"the song's own lyrics are not used: {error.message}"
                return Lyrics(language=known, warnings=(note,))
            return replace(found, source="tag", language=found.language or known)
        lines = spread([row.strip() for row in text.splitlines()], singing)
        return Lyrics(lines, "tag", known, timed=False, warnings=(SPREAD_NOTE,))
    return Lyrics()


def spread(rows: Sequence[str], singing: Sequence[Span]) -> tuple[Line, ...]:
    """Gives each row a share of the `singing` (not empty) by its length in characters."""
    words = [row for row in rows if row and not (row.startswith("[") and row.endswith("]"))]
    return spread_by_length(words, singing)


def spread_by_length(rows: Sequence[str], spans: Sequence[Span]) -> tuple[Line, ...]:
    """As `spread`, for rows that are all words."""
    total = sum(span.end - span.start for span in spans)
    # A short line is not sung in no time: every line counts a few letters more.
    weights = [len(row) + 6 for row in rows]
    lines: list[Line] = []
    sung = 0.0
    for row, weight in zip(rows, weights, strict=True):
        length = total * weight / sum(weights)
        start = _place(spans, sung, at_end=False)
        sung += length
        lines.append(Line(start, max(_place(spans, sung, at_end=True), start), row))
    return tuple(lines)


def _place(spans: Sequence[Span], sung: float, *, at_end: bool) -> float:
    """Song time at which `sung` seconds of singing have passed."""
    for span in spans:
        length = span.end - span.start
        if sung < length - 1e-9 or (at_end and sung <= length + 1e-9):
            return span.start + max(sung, 0.0)
        sung -= length
    return spans[-1].end


def cut_to_excerpt(lyrics: Lyrics, start: float, duration: float, *, whole: bool) -> Lyrics:
    """The lyrics of an excerpt, times counted from its `start`.

    Lines after the end are left out; when the excerpt is the `whole` song, a warning
    says so, since the file then belongs to another recording.
    """
    lines: list[Line] = []
    late = 0
    for line in lyrics.lines:
        if line.start >= start + duration:
            late += 1
        elif line.end > start:
            words = tuple(
                _cut(word, start, duration)
                for word in line.words
                if start < word.end and word.start < start + duration
            )
            lines.append(replace(_cut(line, start, duration), words=words))
    warnings = lyrics.warnings
    if late and whole:
        warnings += (f"{late} lines of the lyrics lie after the song's end and were left out",)
    if not lines and whole:
        return replace(lyrics, lines=(), source="none", warnings=warnings)
    return replace(lyrics, lines=tuple(lines), warnings=warnings)


def _cut(part: _Part, start: float, duration: float) -> _Part:
    return replace(part, start=max(part.start - start, 0.0), end=min(part.end - start, duration))
