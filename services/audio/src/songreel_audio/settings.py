"""Settings of the audio service."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from songreel_kit.settings import ServiceSettings

from songreel_audio.decoding.decoding import DecodeLimits


class AudioSettings(ServiceSettings):
    """`SONGREEL_AUDIO_...` in the environment."""

    model_config = SettingsConfigDict(env_prefix="SONGREEL_AUDIO_")

    max_seconds: float = Field(default=1200.0, gt=1.0)
    """Longest song that is analysed, in seconds."""

    max_analyses: int = Field(default=2, ge=1, le=256)
    """Analyses at work at the same time; more are refused, and wait at the gateway."""

    max_megabytes: int = Field(default=512, gt=0)
    """Largest song file."""

    decode_seconds: float = Field(default=90.0, gt=0)
    """The decoder of a song is killed after this time."""

    decode_megabytes: int = Field(default=2048, ge=1024)
    """Memory that the decoder of a song may take."""

    emotion_folder: Path = Field(default_factory=lambda fields: fields["data"] / "emotion")
    """Where `songreel-audio train-emotion` leaves networks and they are looked for."""

    asr: str = "none"
    """Speech model for lyrics that are not known: a folder, `s3://bucket/prefix`, a name or id
    of the Hugging Face hub, or "none"."""

    def limits(self) -> DecodeLimits:
        """What a song may cost."""
        return DecodeLimits(
            max_seconds=self.max_seconds,
            max_bytes=self.max_megabytes * 1024 * 1024,
            wall_seconds=self.decode_seconds,
            cpu_seconds=max(int(self.decode_seconds), 1),
            memory_bytes=self.decode_megabytes * 1024 * 1024,
        )
