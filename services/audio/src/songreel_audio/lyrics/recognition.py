"""Lyrics recognised in the singing, by faster-whisper with settings for songs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly
from songreel_kit.errors import InvalidRequest, ModelMissing
from songreel_kit.telemetry.metrics import loading

from songreel_audio.lyrics import speech_models, transcripts
from songreel_audio.lyrics.lyrics import Lyrics, Span, Word
from songreel_audio.lyrics.transcripts import Segment
from songreel_audio.spectrum import SAMPLE_RATE, Floats

_UP, _DOWN = 320, 441
"""22,050 x 320 / 441 = 16,000 Hz, which Whisper takes."""

Check = Callable[[], None]
"""Called between segments; raises to give up."""


class Recognizer:
    """A speech model, loaded. Loading takes seconds, so keep it."""

    def __init__(self, folder: Path, name: str) -> None:
        """Loads the model in `folder`. Raises `ModelMissing` when it cannot be used."""
        from faster_whisper import WhisperModel  # an extra, found by `speech_models`

        try:
            self._model: Any = WhisperModel(
                str(folder), device="cpu", compute_type="auto", local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelMissing(
                f"the speech model {name!r} cannot be used ({error}); it must be a Whisper "
                "model converted for CTranslate2",
                model=name,
            ) from error
        self._languages = frozenset(self._model.supported_languages)

    def segments(
        self, samples: Floats, language: str = "", check: Check = lambda: None
    ) -> tuple[list[Segment], str]:
        """All that the model recognises in `samples` at 22.05 kHz, and the language.

        The defaults of faster-whisper are for talk. In songs its voice detector drops half of
        the singing, and text that conditions what follows turns one error into a loop.
        """
        code = self._code(language)
        speech = resample_poly(samples, _UP, _DOWN).astype(np.float32)
        check()
        found, info = self._model.transcribe(
            speech,
            language=code,
            vad_filter=False,
            condition_on_previous_text=False,
            word_timestamps=True,
            hallucination_silence_threshold=2.0,
        )
        segments: list[Segment] = []
        for part in found:  # recognised one by one as they are asked for
            check()
            words = tuple(
                Word(float(word.start), float(word.end), word.word.strip())
                for word in part.words or ()
                if word.word.strip()
            )
            segments.append(
                Segment(
                    start=float(part.start),
                    end=float(part.end),
                    text=" ".join(part.text.split()),
                    words=words,
                    no_speech=float(part.no_speech_prob),
                    log_probability=float(part.avg_logprob),
                )
            )
        return segments, language or str(info.language)

    def _code(self, language: str) -> str | None:
        """Whisper's code for a BCP-47 language; None leaves it to the model."""
        code = language.split("-")[0].lower()
        if code and code not in self._languages:
            raise InvalidRequest(
                f"the speech model does not know the language {language!r}; leave it empty, or "
                f"give one of {', '.join(sorted(self._languages)[:8])}, ...",
                language=language,
            )
        return code or None


def recognise(
    recognizer: Recognizer,
    samples: Floats,
    singing: tuple[Span, ...],
    language: str = "",
    check: Check = lambda: None,
) -> Lyrics:
    """The words of a song, with what is surely wrong left out; an instrumental has none."""
    segments, spoken = recognizer.segments(samples, language, check)
    return transcripts.lyrics(segments, spoken, singing, len(samples) / SAMPLE_RATE)


class Recognizers:
    """The last speech model that was used stays loaded."""

    def __init__(self) -> None:
        self._name = ""
        self._recognizer: Recognizer | None = None

    def get(self, name: str) -> Recognizer:
        """The recogniser of this name; see `speech_models.find` for names and errors."""
        if self._recognizer is None or self._name != name:
            folder = speech_models.find(name)
            with loading("speech"):
                self._recognizer = Recognizer(folder, name)
            self._name = name
        return self._recognizer
