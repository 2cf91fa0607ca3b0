"""Settings of the render service, from `SONGREEL_RENDER_...` variables."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from songreel_kit.processors import processors
from songreel_kit.settings import SigningSettings

CompileMode = Literal["auto", "off", "default", "reduce-overhead", "max-autotune"]


class RenderServiceSettings(SigningSettings):
    """How and with what this process renders."""

    model_config = SettingsConfigDict(env_prefix="SONGREEL_RENDER_")

    checkpoint: Path | None = None
    """Default checkpoint: a diffusers folder, a `.safetensors` or a `.ckpt` file."""

    styles: dict[str, Path] = Field(default_factory=dict[str, Path])
    """Checkpoints of styles, as JSON: a storyboard of the style is drawn with the checkpoint,
    unless the request names another."""

    clip_tokenizer: Path | None = None
    """Folder with CLIP's vocab.json and merges.txt, for single-file checkpoints, which hold
    none; the `tokenizer` folder of any Stable Diffusion checkpoint serves."""

    single_file_config: Path | None = None
    """Folder with the configurations (unet/, vae/, text_encoder/, scheduler/) that single-file
    checkpoints are read with; unset is those of Stable Diffusion 1.5, 2.1 and XL 1.0, told
    apart by the file's weights."""

    tiny_autoencoder: Path | None = None
    """Folder of an AutoencoderTiny to decode previews with; a checkpoint's own `vae_tiny`
    folder comes first. The full autoencoder decodes them otherwise."""

    device: str = "auto"
    """"cpu", "cuda", "cuda:1", ...; "auto" is cuda where there is one."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Precision of the networks; "auto" is float16 on cuda, bfloat16 on a CPU that
    computes with it, else float32."""

    compile: CompileMode = "auto"
    """Mode of torch.compile; "auto" is "reduce-overhead" (CUDA graphs) on cuda and "off" on
    a CPU. What cannot be compiled runs as it is, and the result says so."""

    backend: Literal["process", "ray"] = "process"
    """Where frames are drawn: "process" is this one, "ray" are replicas of Ray Serve, to be
    had with songreel-render[ray]."""

    ray_address: str = ""
    """Cluster where the Serve application runs, such as "ray://ray-head:10001"; empty starts
    Ray on this machine for as long as the service runs."""

    ray_min_replicas: int = Field(default=1, ge=1, le=1024)
    """Fewest replicas of a Ray that is started here; each has a checkpoint in its memory."""

    ray_max_replicas: int = Field(default=2, ge=1, le=1024)
    """Most replicas: so many of a render's segments are drawn at the same time."""

    ray_max_queued: int = Field(default=16, ge=1)
    """Segments of all renders that may wait for a replica; a render whose segments find no
    room is refused with RESOURCE_EXHAUSTED."""

    ray_gpus: float = Field(default=0.0, ge=0.0, le=16.0)
    """GPUs of a replica that is started here; 0.5 lets two of them share one."""

    ray_store_mib: int = Field(default=100, ge=80)
    """Memory of Ray's object store in MiB, when it is started here. Frames do not pass
    through it, so little is enough."""

    batch_frames: int | None = Field(default=None, ge=1, le=64)
    """Frames drawn at once; unset is what a quarter of the device's memory holds, 8 at most on
    a CPU and 32 on a GPU. Part of the plan: other batches round otherwise."""

    segment_frames: int = Field(default=48, ge=2, le=1200)
    """Frames between two points from which a killed render can go on."""

    identity_target: str = ""
    """gRPC target of the identity service, which permits the drawing of people; empty refuses
    all of it."""

    identity_authority: Path | None = None
    """PEM file of the authorities of the identity service's certificate; TLS is spoken to it
    when this is set."""

    identity_certificate: Path | None = None
    """PEM file of the certificate to show there."""

    identity_key: Path | None = None
    """PEM file of its private key."""

    identity_patience_seconds: float = Field(default=60.0, ge=0.0, le=3600.0)
    """Seconds for which a person is still drawn while the identity service, or its database, is
    away and cannot confirm that the consent stands; then the render fails."""

    max_renders: int = Field(default=1, ge=1, le=16)
    """Renders at work at the same time; more are refused with RESOURCE_EXHAUSTED, and wait at
    the gateway for whichever process is free first."""

    loaded_checkpoints: int = Field(default=1, ge=1, le=8)
    """Checkpoints kept in memory."""

    threads: int = Field(default_factory=processors, ge=1, le=256)
    """CPU threads for drawing."""

    encode_threads: int = Field(
        default_factory=lambda: max(1, min(4, processors() // 4)), ge=1, le=16
    )
    """CPU threads of the video encoder; by default a quarter of the cores, 4 at most. One keeps
    up with about 150 frames of 512 px a second. Part of the plan."""

    crf: int = Field(default=18, ge=0, le=40)
    """H.264 quality; lower is better and larger."""

    timeline: bool = True
    """Whether a picture of the song, its scenes and their motion comes with every video. It
    takes half a second."""

    scratch: Path | None = None
    """Folder for the video while its parts are joined; the system's temporary one by default."""
