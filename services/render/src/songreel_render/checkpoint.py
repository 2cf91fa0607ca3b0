"""Loads the parts of a Stable Diffusion checkpoint, offline, and keeps them in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import diffusers
import torch
from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from safetensors.torch import load_file
from songreel_kit.errors import CheckpointIncomplete, CheckpointUnsupported, SongreelError
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.utils.logging import disable_progress_bar

from songreel_render.checkpoint_files import CheckpointFiles, inspect_checkpoint, read_json

T = TypeVar("T")

# Bars on stderr, where the command line and the log write their own lines.
disable_progress_bar()

_SD1_CONFIG: Final = Path(__file__).parent / "sd1"
_AUTOENCODERS: Final = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}
# Keeps state from batch to batch and asks for a step more than it is told; DDIM on the same
# configuration gives its pictures without that.
_REPLACED_SCHEDULERS: Final = {"PNDMScheduler", "LMSDiscreteScheduler"}
# What those do where their configuration is silent; DDIM's own defaults are others.
_REPLACED_DEFAULTS: Final = {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory, ready to draw. The networks must not be changed."""

    files: CheckpointFiles
    tokenizer: Any
    text_encoder: Any
    unet: Any
    autoencoder: Any
    scheduler_class: type[Any]
    scheduler_config: dict[str, Any]
    device: torch.device
    dtype: torch.dtype

    @property
    def latent_channels(self) -> int:
        """Channels of a latent."""
        return int(self.unet.config.in_channels)

    @property
    def pixels_per_latent(self) -> int:
        """Pixels of a side for one latent pixel (8 for Stable Diffusion 1.x)."""
        return _pixels_per_latent(self.autoencoder.config)

    def new_scheduler(self, steps: int) -> Any:
        """A scheduler of its own for one batch (schedulers keep state between steps)."""
        scheduler = self.scheduler_class.from_config(self.scheduler_config)
        scheduler.set_timesteps(steps, device=self.device)
        return scheduler


@dataclass(frozen=True)
class CheckpointShape:
    """What can be known of a checkpoint without loading its weights."""

    files: CheckpointFiles
    steps: int
    """Its own number of steps."""
    guidance_scale: float
    """Its own guidance."""
    native_size: int
    """Pixels of a side it was trained for."""
    size_multiple: int
    """Sizes in pixels must be a multiple of this."""


class CheckpointLoader:
    """Finds, loads and keeps checkpoints; thread-safe.

    Args:
        device: "auto", "cpu", "cuda", ...
        dtype: "auto", "float32", "bfloat16" or "float16".
        clip_tokenizer: tokenizer folder for single files.
        single_file_config: configurations for single files; None is Stable Diffusion 1.x.
        keep: how many to keep in memory.
    """

    def __init__(
        self,
        *,
        device: str = "auto",
        dtype: str = "auto",
        clip_tokenizer: Path | None = None,
        single_file_config: Path | None = None,
        keep: int = 1,
    ) -> None:
        self.device = _choose_device(device)
        self.dtype = _choose_dtype(dtype, self.device)
        self._clip_tokenizer = clip_tokenizer
        self._config = single_file_config or _SD1_CONFIG
        self._keep = keep
        self._loaded: OrderedDict[str, Checkpoint] = OrderedDict()
        self._lock = threading.Lock()

    def describe(self) -> str:
        """Device and precision, in words: "cpu bfloat16"."""
        return f"{self.device} {str(self.dtype).removeprefix('torch.')}"

    def inspect(self, path: Path) -> CheckpointShape:
        """Check a checkpoint's files and read its sizes.

        Raises:
            CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported: as
                `inspect_checkpoint`.
        """
        files = inspect_checkpoint(path)
        configs = self._config if files.single_file else files.path
        if files.single_file:
            self._tokenizer_folder()
        unet = read_json(configs / "unet" / "config.json")
        vae = read_json(configs / "vae" / "config.json")
        factor = _pixels_per_latent(vae)
        own = files.defaults
        return CheckpointShape(
            files=files,
            steps=own.steps,
            guidance_scale=own.guidance_scale,
            native_size=own.size or int(unet.get("sample_size") or 64) * factor,
            # Half a latent pixel cannot be drawn; H.264 in yuv420p asks for even sizes.
            size_multiple=max(8, factor),
        )

    def load(self, files: CheckpointFiles) -> Checkpoint:
        """Load a checkpoint, or hand out the one in memory.

        Raises:
            CheckpointIncomplete: the weights do not fit or cannot be read.
            CheckpointUnsupported: a class that this version of diffusers does not have.
        """
        with self._lock:
            found = self._loaded.get(files.sha256)
            if found is None:
                # Make room first, so that two are never in memory when one may be kept.
                while len(self._loaded) >= self._keep:
                    self._loaded.popitem(last=False)
                found = self._from_file(files) if files.single_file else self._from_folder(files)
                self._loaded[files.sha256] = found
            self._loaded.move_to_end(files.sha256)
            return found

    def _from_folder(self, files: CheckpointFiles) -> Checkpoint:
        folder = files.path
        vae_config = read_json(folder / "vae" / "config.json")
        vae_name = str(vae_config.get("_class_name", "AutoencoderKL"))
        autoencoder_class = _AUTOENCODERS.get(vae_name)
        if autoencoder_class is None:
            raise CheckpointUnsupported(
                f"the autoencoder of {folder} is a {vae_name}; known: {', '.join(_AUTOENCODERS)}"
            )

        def weights(part: str, cls: Any, name: str) -> Any:
            plain = any((folder / part).glob(f"{name}*")) and not _only_fp16(folder / part, name)
            return _part(
                folder,
                part,
                lambda: cls.from_pretrained(
                    str(folder),
                    subfolder=part,
                    local_files_only=True,
                    variant=None if plain else "fp16",
                    torch_dtype=torch.float32,
                ),
            )

        return self._assemble(
            files,
            tokenizer=_load_tokenizer(folder / "tokenizer"),
            text_encoder=weights("text_encoder", CLIPTextModel, "model"),
            unet=weights("unet", UNet2DConditionModel, "diffusion_pytorch_model"),
            autoencoder=weights("vae", autoencoder_class, "diffusion_pytorch_model"),
            scheduler_config=read_json(folder / "scheduler" / "scheduler_config.json"),
        )

    def _from_file(self, files: CheckpointFiles) -> Checkpoint:
        path, config = files.path, self._config
        tokenizer = _load_tokenizer(self._tokenizer_folder())
        state = _part(path, "weights", lambda: load_file(str(path)))

        def single(cls: Any, part: str) -> Any:
            return _part(
                path,
                part,
                lambda: cls.from_single_file(
                    state,
                    config=str(config),
                    subfolder=part,
                    local_files_only=True,
                    torch_dtype=torch.float32,
                ),
            )

        return self._assemble(
            files,
            tokenizer=tokenizer,
            text_encoder=_part(
                path,
                "text_encoder",
                lambda: create_diffusers_clip_model_from_ldm(
                    CLIPTextModel,
                    state,
                    subfolder="text_encoder",
                    config=str(config),
                    torch_dtype=torch.float32,
                    local_files_only=True,
                ),
            ),
            unet=single(UNet2DConditionModel, "unet"),
            autoencoder=single(AutoencoderKL, "vae"),
            scheduler_config=read_json(config / "scheduler" / "scheduler_config.json"),
        )

    def _tokenizer_folder(self) -> Path:
        for folder in (self._clip_tokenizer, self._config / "tokenizer"):
            if folder is not None and (
                (folder / "vocab.json").is_file() or (folder / "tokenizer.json").is_file()
            ):
                return folder
        raise CheckpointIncomplete(
            "a single .safetensors file holds no tokenizer: set SONGREEL_RENDER_CLIP_TOKENIZER to "
            "a folder with CLIP's vocab.json and merges.txt (the `tokenizer` folder of any Stable "
            "Diffusion 1.x checkpoint in diffusers format), or use such a folder as checkpoint",
            missing="tokenizer",
        )

    def _assemble(
        self,
        files: CheckpointFiles,
        *,
        tokenizer: Any,
        text_encoder: Any,
        unet: Any,
        autoencoder: Any,
        scheduler_config: dict[str, Any],
    ) -> Checkpoint:
        name = str(scheduler_config.get("_class_name", "DDIMScheduler"))
        if name in _REPLACED_SCHEDULERS:
            scheduler_class: Any = DDIMScheduler
            scheduler_config = _REPLACED_DEFAULTS | scheduler_config
        else:
            scheduler_class = getattr(diffusers, name, None)
        if not (isinstance(scheduler_class, type) and hasattr(scheduler_class, "set_timesteps")):
            raise CheckpointUnsupported(f"the scheduler {name} of {files.path} is not known")
        for network in (text_encoder, unet, autoencoder):
            network.requires_grad_(False)
            network.eval()
        return Checkpoint(
            files=files,
            tokenizer=tokenizer,
            # Once per prompt: not worth losing precision for.
            text_encoder=text_encoder.to(
                device=self.device,
                dtype=torch.float32 if self.device.type == "cpu" else self.dtype,
            ),
            unet=_placed(unet, self.device, self.dtype),
            autoencoder=_placed(autoencoder, self.device, self.dtype),
            scheduler_class=cast("type[Any]", scheduler_class),
            scheduler_config=scheduler_config,
            device=self.device,
            dtype=self.dtype,
        )


def _placed(network: Any, device: torch.device, dtype: torch.dtype) -> Any:
    # torch's own `to`: diffusers' warns of modules to be kept in float32, and here are none.
    plain: Any = torch.nn.Module.to
    return plain(network, device, dtype, memory_format=torch.channels_last)


def _choose_device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def _choose_dtype(name: str, device: torch.device) -> torch.dtype:
    if name == "auto":
        if device.type == "cuda":
            return torch.float16
        return torch.bfloat16 if _fast_bfloat16() else torch.float32
    return cast("torch.dtype", getattr(torch, name))


def _fast_bfloat16() -> bool:
    """Whether the CPU has bfloat16 arithmetic.

    There drawing takes half the time (115 against 242 CPU-ms a frame of 256 px, two steps) and
    the pictures are 42 dB from float32's, which no eye sees; elsewhere it is emulated and slow.
    """
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported is not None and supported())


def _pixels_per_latent(config: Any) -> int:
    get = cast("Callable[[str], Any]", config.get)
    widths = get("block_out_channels") or get("encoder_block_out_channels") or (1, 1, 1, 1)
    return 2 ** (len(widths) - 1)


def _only_fp16(folder: Path, name: str) -> bool:
    files = [
        file.name for file in folder.glob(f"{name}*") if file.suffix in (".safetensors", ".bin")
    ]
    return bool(files) and all(".fp16" in file for file in files)


def _load_tokenizer(folder: Path) -> Any:
    return _part(
        folder,
        "tokenizer",
        lambda: CLIPTokenizer.from_pretrained(str(folder), local_files_only=True),
    )


def _part(path: Path, part: str, load: Callable[[], T]) -> T:
    """Run a library's loader; whatever it raises becomes an error that names the part."""
    try:
        return load()
    except SongreelError:
        raise
    except MemoryError:
        raise
    except Exception as error:
        first_line = str(error).strip().partition("\n")[0]
        raise CheckpointIncomplete(
            f"the {part} of {path} cannot be loaded: {first_line}; copy the checkpoint again",
            missing=part,
        ) from error
