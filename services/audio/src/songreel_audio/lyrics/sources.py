"""Which words a song gets: of the user's file, of its tags, recognised, or none."""

from collections.abc import Callable
from dataclasses import replace

from songreel_audio.decoding.decoding import Recording
from songreel_audio.lyrics import alignment, files, lyrics, recognition
from songreel_audio.lyrics.lyrics import SPREAD_NOTE, Lyrics, Span
from songreel_audio.lyrics.recognition import Recognizer

Check = Callable[[], None]


def choose(
    given: Lyrics | tuple[str, ...] | None,
    recording: Recording,
    singing: tuple[Span, ...],
    *,
    whole: bool,
    recognizer: Callable[[], Recognizer] | None = None,
    language: str = "",
    check: Check = lambda: None,
) -> Lyrics:
    """The lyrics of a recording, times counted from its start.

    Args:
        given: what `lyric_files.read` made of the user's file, None without one.
        recording: the song or the excerpt.
        singing: where somebody sings in it, from its start.
        whole: whether it is the whole song.
        recognizer: loads the speech model; called only when its words are needed.
        language: BCP-47, when the user knows it.
        check: raises to give up.
    """
    start, duration = recording.start, recording.duration
    # Times of files and tags are the song's, so that of the singing is moved there and back.
    shifted = tuple(Span(span.start + start, span.end + start) for span in singing)
    shifted = shifted or (Span(start, start + duration),)
    if isinstance(given, tuple):
        found = files.place(given, shifted)
    else:
        found = given or lyrics.read_tags(recording.tags, shifted)
    if recognizer is not None and found.lines and not found.timed:
        segments, spoken = recognizer().segments(recording.samples, language, check)
        # Words that the singing does not bear out are anchors too: the text itself proves them.
        recognised = [word for segment in segments for word in segment.words]
        aligned = alignment.align([line.text for line in found.lines], recognised, singing)
        if aligned is not None:
            notes = tuple(note for note in found.warnings if note != SPREAD_NOTE)
            known = found.language or spoken
            return replace(found, lines=aligned, language=known, timed=True, warnings=notes)
        note = "too few of the lyrics' words were recognised to take times from them"
        found = replace(found, warnings=(*found.warnings, note))
    if recognizer is not None and not found.lines and given is None:
        recognised_lyrics = recognition.recognise(
            recognizer(), recording.samples, singing, language, check
        )
        return replace(recognised_lyrics, warnings=(*found.warnings, *recognised_lyrics.warnings))
    return lyrics.cut_to_excerpt(found, start, duration, whole=whole)
