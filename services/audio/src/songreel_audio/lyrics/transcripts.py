"""A speech model's transcript of a song, without what was surely not sung."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from songreel_audio.lyrics.lyrics import Line, Lyrics, Span, Word

NO_SPEECH = 0.6
UNLIKELY = -1.0
"""A segment goes when it is both: no speech and unlikely. Singing alone often counts as none."""
INSTRUMENTAL_SHARE = 0.05
"""With words in less of the song than this, they are taken for noise."""
_VOCAL_SHARE = 0.1
"""A segment of which less lies in the singing comes from the band."""
_LOOP_TIMES = 6
_LOOP_SHARE = 0.8
_LOOP_LONGEST = 8
_MOST_WORDS_PER_SECOND = 6.0
"""The fastest rap goes to about 10 syllables a second."""
_MOST_REPEATS = 4
"""Lines of a refrain come four times in a row, rarely more."""

CREDITS = (
    "subtitles by", "transcribed by", "transcription by", "amara org", "sous titres realises",
    "sous titrage", "untertitel der", "untertitel von", "untertitel im auftrag",
    "subtitulos realizados", "subtitulos por", "legendas pela", "sottotitoli creati",
    "sottotitoli a cura", "ondertitels", "napisy stworzone", "редактор субтитров",
    "субтитры", "字幕",
)  # fmt: skip
"""What no song says, folded by `fold`."""
FAREWELLS = (
    "thanks for watching", "thank you for watching", "thanks for listening",
    "please subscribe", "subscribe to my channel", "like and subscribe",
    "see you in the next video", "merci d avoir regarde", "abonnez vous",
    "vielen dank furs zuschauen", "suscribete", "gracias por ver", "obrigado por assistir",
    "grazie per la visione", "dziekuje za ogladanie", "продолжение следует",
    "ご視聴ありがとうございました", "请不吝点赞", "구독",
)  # fmt: skip
"""What a line of a song might hold; as a whole line it comes from the subtitles of videos, on
which Whisper was trained and which it finds in music."""
_FAREWELL_MORE = 24
"""Characters that a farewell may have besides."""


@dataclass(frozen=True)
class Segment:
    """A stretch of recognised words; times in seconds."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    no_speech: float = 0.0
    """Probability that there is no speech."""
    log_probability: float = 0.0
    """Mean logarithm of the tokens' probabilities."""


def lyrics(
    segments: Sequence[Segment], language: str, singing: Sequence[Span], duration: float
) -> Lyrics:
    """The segments that pass, as lines; none, with a note, for an instrumental."""
    kept = kept_segments(segments, singing)
    covered = sum(segment.end - segment.start for segment in kept)
    if covered < INSTRUMENTAL_SHARE * duration:
        note = "no words were recognised; the song is taken for an instrumental"
        return Lyrics(warnings=(note,))
    dropped = len(segments) - len(kept)
    notes = (f"{dropped} doubtful passages of the recognised words were left out",)
    return Lyrics(
        lines=tuple(_line(segment, duration) for segment in kept),
        source="asr",
        language=language,
        warnings=notes if dropped else (),
    )


def kept_segments(segments: Sequence[Segment], singing: Sequence[Span]) -> list[Segment]:
    """Segments without the silent, looping, stock and unsung ones."""
    kept: list[Segment] = []
    previous, repeats = "", 0
    for segment in segments:
        text = normalise(segment.text)
        repeats = repeats + 1 if text == previous else 1
        previous = text
        if (
            text
            and segment.end > segment.start
            and repeats <= _MOST_REPEATS
            and not (segment.no_speech > NO_SPEECH and segment.log_probability < UNLIKELY)
            and not is_stock(text)
            and not is_loop(text.split(), segment.end - segment.start)
            and _sung(segment, singing)
        ):
            kept.append(segment)
    return kept


def normalise(text: str) -> str:
    """Lower case without accents and punctuation, words apart by single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    # Only marks that are written above Latin letters: in other scripts they make the letter.
    plain = re.sub(r"(?<=[a-z])[\u0300-\u036f]+", "", plain)
    plain = unicodedata.normalize("NFC", plain)
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


def is_stock(folded: str) -> bool:
    """Whether it holds a subtitler's credit, or is little more than a video's farewell."""
    return any(phrase in folded for phrase in CREDITS) or any(
        phrase in folded and len(folded) <= len(phrase) + _FAREWELL_MORE for phrase in FAREWELLS
    )


def is_loop(words: Sequence[str], seconds: float) -> bool:
    """Whether the same few words come again and again, faster or longer than is sung.

    Songs do repeat ("la la la la"): it takes six repeats that fill most of the segment, and
    either more words than can be sung in the time or twenty repeats.
    """
    for length in range(1, _LOOP_LONGEST + 1):
        run = best = 0
        for place in range(length, len(words)):
            run = run + 1 if words[place] == words[place - length] else 0
            best = max(best, run)
        times = best // length + 1
        if times < _LOOP_TIMES or best + length < _LOOP_SHARE * len(words):
            continue
        if times >= 20 or len(words) > _MOST_WORDS_PER_SECOND * seconds:
            return True
    return False


def _sung(segment: Segment, singing: Iterable[Span]) -> bool:
    shared = sum(
        max(min(segment.end, span.end) - max(segment.start, span.start), 0.0) for span in singing
    )
    return shared >= _VOCAL_SHARE * (segment.end - segment.start)


def _line(segment: Segment, duration: float) -> Line:
    words = tuple(word for word in segment.words if word.start < duration)
    start = words[0].start if words else segment.start
    end = words[-1].end if words else segment.end
    return Line(start, min(max(end, start), duration), segment.text, words)
