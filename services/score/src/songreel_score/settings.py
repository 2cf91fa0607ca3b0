"""Settings of the score service."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from songreel_kit.settings import SigningSettings

from songreel_score.watch.video_file import VideoLimits


class ScoreSettings(SigningSettings):
    """`SONGREEL_SCORE_...` in the environment."""

    model_config = SettingsConfigDict(env_prefix="SONGREEL_SCORE_")

    max_seconds: float = Field(default=10_800.0, gt=1.0)
    """Longest video that is scored, in seconds."""

    max_scores: int = Field(default=2, ge=1, le=64)
    """Videos that are watched or scored at the same time; more are refused, and wait at the
    gateway."""

    soundfont: Path | None = None
    """A .sf2 or .sf3 file to play with; Debian's or the packaged one when unset."""

    default_style: str = "cinematic"
    """Style of requests that name none."""

    default_engine: str = "arranger"
    """What composes where requests name nothing."""

    def limits(self) -> VideoLimits:
        """What a video may cost."""
        return VideoLimits(max_seconds=self.max_seconds)
