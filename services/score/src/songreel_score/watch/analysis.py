"""The whole analysis of a video: from a file to a `VideoAnalysis`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from songreel_score.watch import emotion, speech
from songreel_score.watch.cuts import Cut, CutDetector
from songreel_score.watch.looks import RATE, LooksCollector
from songreel_score.watch.video_file import VideoFacts, VideoLimits, read_pictures

VERSION: Final = "2026.12-1"
"""Changes whenever the same video would be analysed differently."""

Report = Callable[[str, float], None]
"""Takes the name of the step that begins and the share of the work done; may raise to give up."""


def no_report(step: str, fraction: float) -> None:
    """Tells nobody."""


def no_check() -> None:
    """Never gives up."""


@dataclass(frozen=True)
class VideoAnalysis:
    """What is known of a video. Times are seconds from its first picture."""

    duration: float
    """To the end of the last picture."""
    fps: float
    """Mean rate of pictures, Hz."""
    width: int
    """Pixels, as shown."""
    height: int
    cuts: tuple[Cut, ...]
    motion_rate: float
    """Points a second of `motion`, Hz."""
    motion: NDArray[np.float64]
    """(points,) 0, still, to 1."""
    moods: tuple[emotion.Mood, ...]
    """Scene by scene; they cover the video."""
    emotion_estimator: str
    has_sound: bool
    speech: tuple[speech.Span, ...]
    speech_detector: str
    """Empty where there is no sound."""
    warnings: tuple[str, ...]

    @property
    def mood(self) -> emotion.Mood:
        """Of the whole video."""
        return emotion.whole(self.moods)

    def document(self) -> dict[str, Any]:
        """As plain values for JSON, the way `songreel watch` writes them."""
        mood = self.mood
        return {
            "duration": self.duration,
            "fps": round(self.fps, 4),
            "width": self.width,
            "height": self.height,
            "cuts": [round(cut.time, 4) for cut in self.cuts],
            "cut_kinds": [cut.kind for cut in self.cuts],
            "cut_strengths": [cut.strength for cut in self.cuts],
            "motion": {"rate": self.motion_rate, "curve": self.motion.round(3).tolist()},
            "emotion": {
                "valence": round(mood.valence, 3),
                "arousal": round(mood.arousal, 3),
                "valence_std": round(mood.valence_std, 3),
                "arousal_std": round(mood.arousal_std, 3),
                "quadrant": emotion.quadrant(mood.valence, mood.arousal),
                "curve": [asdict(scene) for scene in self.moods],
                "estimator": self.emotion_estimator,
            },
            "has_sound": self.has_sound,
            "speech": [asdict(span) for span in self.speech],
            "speech_detector": self.speech_detector,
            "warnings": list(self.warnings),
        }

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> VideoAnalysis:
        """What `document` gave. Raises `LookupError`, `TypeError`, `ValueError` for others."""
        cuts = zip(document["cuts"], document["cut_kinds"], document["cut_strengths"], strict=True)
        mood, motion = document["emotion"], document["motion"]
        return cls(
            duration=float(document["duration"]),
            fps=float(document["fps"]),
            width=int(document["width"]),
            height=int(document["height"]),
            cuts=tuple(Cut(*each) for each in cuts),
            motion_rate=float(motion["rate"]),
            motion=np.array(motion["curve"], dtype=np.float64),
            moods=tuple(emotion.Mood(**scene) for scene in mood["curve"]),
            emotion_estimator=mood["estimator"],
            has_sound=bool(document["has_sound"]),
            speech=tuple(speech.Span(**span) for span in document["speech"]),
            speech_detector=document["speech_detector"],
            warnings=tuple(document["warnings"]),
        )


def watch(
    video: Path,
    limits: VideoLimits | None = None,
    report: Report = no_report,
    check: Callable[[], None] = no_check,
) -> VideoAnalysis:
    """Analyses a video file.

    Args:
        video: a local file.
        limits: what the video may cost.
        report: takes the step that begins and the share done.
        check: called often; raises to give up.

    Raises:
        SongreelError: those of `video_file.read_pictures`.
    """
    report("watch", 0.0)
    facts, cut_detector, looks_collector = VideoFacts(), CutDetector(), LooksCollector()
    for picture in read_pictures(video, facts, limits, check):
        cut_detector.take(picture)
        looks_collector.take(picture)
    cuts, looks = cut_detector.cuts(), looks_collector.looks(facts.duration)
    report("listen", 0.8)
    spoken = speech.find_speech(video, facts.duration, check) if facts.has_sound else ()
    report("feel", 0.95)
    return VideoAnalysis(
        duration=facts.duration,
        fps=facts.fps,
        width=facts.width,
        height=facts.height,
        cuts=cuts,
        motion_rate=RATE,
        motion=looks.motion,
        moods=emotion.estimate(looks, cuts, facts.duration),
        emotion_estimator=emotion.ESTIMATOR,
        has_sound=facts.has_sound,
        speech=spoken,
        speech_detector=speech.DETECTOR if facts.has_sound else "",
        warnings=tuple(facts.warnings),
    )
