"""Times for lyrics that have none: by the words that were recognised, else by the singing."""

from bisect import bisect_right
from collections.abc import Sequence
from difflib import SequenceMatcher

from songreel_audio.lyrics.lyrics import Line, Span, Word, spread_by_length
from songreel_audio.lyrics.transcripts import normalise

MIN_SHARE = 0.25
"""Share of a text's words that must be recognised for it to be trusted as the song's."""
_LONGEST_WORD = 2.0
"""Seconds that a word is held when nothing says where it ends."""


def align(
    rows: Sequence[str], recognised: Sequence[Word], singing: Sequence[Span]
) -> tuple[Line, ...] | None:
    """Lines of `rows` timed by the words `recognised`; None when too few of them are the same.

    Words that both have are anchors. The words between two anchors are spread by their length
    over what lies between, as far as somebody sings there.
    """
    words = [(row, word) for row, text in enumerate(rows) for word in text.split()]
    normalised = [normalise(word) for _, word in words]
    matcher = SequenceMatcher(
        None, normalised, [normalise(word.text) for word in recognised], autojunk=False
    )
    anchors: dict[int, Word] = {}
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            if normalised[block.a + step]:
                anchors[block.a + step] = recognised[block.b + step]
    anchors = _ascending(anchors)
    if len(anchors) < max(MIN_SHARE * len(words), 1):
        return None
    timed = _timed([word for _, word in words], anchors, singing)
    lines: list[Line] = []
    for row, text in enumerate(rows):
        own = tuple(word for (index, _), word in zip(words, timed, strict=True) if index == row)
        if own:
            lines.append(Line(own[0].start, own[-1].end, text, own))
    return tuple(lines)


def _ascending(anchors: dict[int, Word]) -> dict[int, Word]:
    """Without words that begin before the one before them ended (models stamp some so)."""
    kept: dict[int, Word] = {}
    end = 0.0
    for place in sorted(anchors):
        word = anchors[place]
        if word.start >= end - 1e-6 and word.end >= word.start:
            kept[place] = word
            end = word.end
    return kept


def _timed(texts: list[str], anchors: dict[int, Word], singing: Sequence[Span]) -> list[Word]:
    places = sorted(anchors)
    timed: list[Word] = []
    while len(timed) < len(texts):
        place = len(timed)
        if place in anchors:
            timed.append(Word(anchors[place].start, anchors[place].end, texts[place]))
            continue
        following = bisect_right(places, place)
        last = places[following] if following < len(places) else len(texts)
        start = timed[-1].end if timed else None
        end = anchors[last].start if last < len(texts) else None
        timed += _between(texts[place:last], start, end, singing)
    return timed


def _between(
    texts: list[str], start: float | None, end: float | None, singing: Sequence[Span]
) -> list[Word]:
    """Words spread over the singing from `start` to `end`; None is an end of the song."""
    room = _LONGEST_WORD * len(texts)
    if start is None:
        first = singing[0].start if singing else 0.0
        start = max(min(first, (end or 0.0)), (end or 0.0) - room, 0.0)
    if end is None:
        end = max(min(singing[-1].end if singing else start + room, start + room), start)
    inside = [
        Span(max(span.start, start), min(span.end, end))
        for span in singing
        if min(span.end, end) > max(span.start, start)
    ]
    placed = spread_by_length(texts, inside or [Span(start, max(end, start))])
    return [Word(line.start, line.end, line.text) for line in placed]
