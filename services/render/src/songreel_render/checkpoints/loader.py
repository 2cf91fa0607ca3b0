"""Finds, loads, adapts and keeps checkpoints."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from songreel_kit.checkpoints.folder import read_json
from songreel_kit.telemetry.metrics import loading, looked_up

from songreel_render.checkpoints.checkpoint import (
    Checkpoint,
    CheckpointShape,
    TextEncoder,
    pixels_per_latent,
)
from songreel_render.checkpoints.devices import (
    choose_device,
    choose_dtype,
    compile_options,
    decoder_dtype,
    to_device,
)
from songreel_render.checkpoints.files import CheckpointFiles, inspect_checkpoint
from songreel_render.checkpoints.folder import Parts, Precision, load_autoencoder, load_folder
from songreel_render.checkpoints.loras import LoadedLora, adapt
from songreel_render.checkpoints.schedulers import checkpoint_scheduler
from songreel_render.checkpoints.single_file import config_folder, load_file_parts, tokenizer_folder
from songreel_render.settings import CompileMode, RenderServiceSettings


class CheckpointLoader:
    """Finds, loads and keeps checkpoints; thread-safe.

    Args:
        device: "auto", "cpu", "cuda", ...
        dtype: "auto", "float32", "bfloat16" or "float16".
        clip_tokenizer: tokenizer folder for single files.
        single_file_config: configurations for single files; None is those of their family.
        keep: how many to keep in memory, and how many with LoRA merged in.
        compile_mode: whether and how networks are compiled.
        tiny_autoencoder: folder of an AutoencoderTiny for previews.
    """

    def __init__(
        self,
        *,
        device: str = "auto",
        dtype: str = "auto",
        clip_tokenizer: Path | None = None,
        single_file_config: Path | None = None,
        keep: int = 1,
        compile_mode: CompileMode = "auto",
        tiny_autoencoder: Path | None = None,
    ) -> None:
        self.device = choose_device(device)
        self.dtype = choose_dtype(dtype, self.device)
        self._clip_tokenizer = clip_tokenizer
        self._single_file_config = single_file_config
        self._keep = keep
        self._compile = compile_options(compile_mode, self.device)
        self._tiny = tiny_autoencoder
        self._loaded: OrderedDict[str, Checkpoint] = OrderedDict()
        self._adapted: OrderedDict[str, Checkpoint] = OrderedDict()
        self._previews: dict[Path, Any] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_settings(cls, settings: RenderServiceSettings) -> CheckpointLoader:
        """A loader with the service's settings."""
        return cls(
            device=settings.device,
            dtype=settings.dtype,
            clip_tokenizer=settings.clip_tokenizer,
            single_file_config=settings.single_file_config,
            keep=settings.loaded_checkpoints,
            compile_mode=settings.compile,
            tiny_autoencoder=settings.tiny_autoencoder,
        )

    def describe(self) -> str:
        """Device and precision, such as "cpu bfloat16"."""
        return f"{self.device} {str(self.dtype).removeprefix('torch.')}"

    def inspect(self, path: Path) -> CheckpointShape:
        """Check a checkpoint's files and read its sizes.

        Raises:
            CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported: as
                `inspect_checkpoint`.
        """
        files = inspect_checkpoint(path)
        configs = files.path
        if files.single_file:
            configs = config_folder(files.family, self._single_file_config)
            tokenizer_folder(configs, self._clip_tokenizer)
        unet = read_json(configs / "unet" / "config.json")
        vae = read_json(configs / "vae" / "config.json")
        factor = pixels_per_latent(vae)
        own = files.defaults
        return CheckpointShape(
            files=files,
            steps=own.steps,
            guidance_scale=own.guidance_scale,
            native_size=own.size or int(unet.get("sample_size") or 64) * factor,
            # Half a latent pixel cannot be drawn; H.264 in yuv420p asks for even sizes.
            size_multiple=max(8, factor),
            latent_factor=factor,
            decoder_width=_first(vae.get("block_out_channels"), 128),
            unet_width=_first(unet.get("block_out_channels"), 320),
            distilled=bool(unet.get("time_cond_proj_dim")),
            animatic=own.animatic,
        )

    def load(self, files: CheckpointFiles, loras: Sequence[LoadedLora] = ()) -> Checkpoint:
        """Load a checkpoint, or hand out the one in memory.

        Args:
            files: of the checkpoint.
            loras: to merge into it, all at once.

        Raises:
            CheckpointIncomplete: the weights do not fit or cannot be read.
            CheckpointUnsupported: a class that this version of diffusers does not have.
            LoraUnusable: a LoRA does not fit the checkpoint.
        """
        with self._lock:
            base = self._base(files)
            if not loras:
                return base
            key = "+".join([files.sha256, *(lora.key for lora in loras)])
            found = self._adapted.get(key)
            looked_up("lora", hit=found is not None)
            if found is None:
                while len(self._adapted) >= self._keep:
                    self._adapted.popitem(last=False)
                with loading("lora"):
                    found = replace(adapt(base, loras), key=key)
                self._adapted[key] = found
            self._adapted.move_to_end(key)
            return found

    def preview_autoencoder(self, files: CheckpointFiles) -> Any | None:
        """A small, quick autoencoder for previews, if there is one.

        The `vae_tiny` folder of the checkpoint, or the one that the settings name.
        """
        folder = self._tiny_folder(files)
        if folder is None:
            return None
        with self._lock:
            if folder not in self._previews:
                with loading("preview"):
                    network = load_autoencoder(folder, "", self.dtype)
                    self._previews[folder] = to_device(_frozen(network), self.device, self.dtype)
            return self._previews[folder]

    def has_tiny(self, files: CheckpointFiles) -> bool:
        """Whether previews of a checkpoint are decoded by a small autoencoder."""
        return self._tiny_folder(files) is not None

    @property
    def compiles(self) -> bool:
        """Whether networks are compiled."""
        return self._compile is not None

    def _tiny_folder(self, files: CheckpointFiles) -> Path | None:
        own = files.path / "vae_tiny"
        return own if own.is_dir() else self._tiny

    def _base(self, files: CheckpointFiles) -> Checkpoint:
        found = self._loaded.get(files.sha256)
        looked_up("checkpoint", hit=found is not None)
        if found is None:
            # Make room first, so that two are never in memory when one may be kept.
            while len(self._loaded) >= self._keep:
                self._loaded.popitem(last=False)
                self._adapted.clear()
            with loading("checkpoint"):
                found = self._assembled(files, self._parts(files))
            self._loaded[files.sha256] = found
        self._loaded.move_to_end(files.sha256)
        return found

    def _parts(self, files: CheckpointFiles) -> Parts:
        if not files.single_file:
            return load_folder(files, self._precision(files))
        config = config_folder(files.family, self._single_file_config)
        return load_file_parts(files, config, self._clip_tokenizer, self._precision(files))

    def _precision(self, files: CheckpointFiles) -> Precision:
        return Precision(
            # Once per prompt: on a CPU not worth losing precision for.
            text=torch.float32 if self.device.type == "cpu" else self.dtype,
            unet=self.dtype,
            autoencoder=decoder_dtype(self.dtype, overflows=files.family.decoder_overflows_float16),
        )

    def _assembled(self, files: CheckpointFiles, parts: Parts) -> Checkpoint:
        scheduler_class, scheduler_config = checkpoint_scheduler(parts.scheduler_config, files.path)
        precision = self._precision(files)
        return Checkpoint(
            key=files.sha256,
            family=files.family,
            text_encoders=tuple(
                TextEncoder(
                    tokenizer, _frozen(network).to(device=self.device, dtype=precision.text)
                )
                for tokenizer, network in zip(parts.tokenizers, parts.text_encoders, strict=True)
            ),
            unet=to_device(_frozen(parts.unet), self.device, self.dtype),
            autoencoder=to_device(_frozen(parts.autoencoder), self.device, precision.autoencoder),
            scheduler_class=scheduler_class,
            scheduler_config=scheduler_config,
            device=self.device,
            dtype=self.dtype,
            zero_empty_prompts=parts.zero_empty_prompts,
            compile_options=self._compile,
        )


def _frozen(network: Any) -> Any:
    network.requires_grad_(False)
    return network.eval()


def _first(widths: Any, otherwise: int) -> int:
    return int(widths[0]) if widths else otherwise
