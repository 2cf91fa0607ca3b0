"""Adapters of people: in memory only, for one render each, and only in the scenes they are in.

They are not merged into the checkpoint's weights but lie beside its layers, with a
strength of its own for every picture of a batch: scenes without the protagonist are
drawn as if there were no adapter, and a dissolve between the two kinds is smooth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from songreel_kit.errors import AdapterMismatch, LoraUnusable
from songreel_kit.likeness.adapters import read_head

from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.checkpoints.lora_keys import Change, Target, parse_names
from songreel_render.checkpoints.loras import copy_sharing_weights

_NAME: Final = "the adapter"


class AdapterStrength:
    """Weight of the adapter for each picture of the current batch."""

    def __init__(self) -> None:
        self._values = torch.zeros(1)

    def set(self, values: torch.Tensor) -> None:
        """(n,) in [0, 1], for the n pictures of the next batches."""
        self._values = values

    def of(self, given: torch.Tensor) -> torch.Tensor:
        """For a layer's input (k * n, ...): guidance puts k halves of n pictures into a batch."""
        times = given.shape[0] // len(self._values)
        shape = (-1, *(1 for _ in range(given.dim() - 1)))
        return self._values.repeat(times).to(given.device, given.dtype).view(shape)


class AdapterLayer(torch.nn.Module):
    """A layer with the adapter's change beside it."""

    def __init__(
        self,
        layer: torch.nn.Module,
        strength: AdapterStrength,
        down: torch.Tensor,
        up: torch.Tensor,
    ) -> None:
        super().__init__()
        self.layer = layer
        self._strength = strength
        # Not parameters: nothing that copies or saves a network takes them along.
        self._matrices = (down, up)

    def forward(self, given: torch.Tensor, *more: Any) -> torch.Tensor:
        """The layer's output plus the change, weighted for each picture."""
        down, up = self._matrices
        if isinstance(self.layer, torch.nn.Conv2d):
            conv = torch.nn.functional.conv2d
            change = conv(conv(given, down, None, self.layer.stride, self.layer.padding), up)
        else:
            linear = torch.nn.functional.linear
            change = linear(linear(given, down), up)
        return self.layer(given, *more) + change * self._strength.of(change)


class IdentityAdapter:
    """The adapter of a person whom one render may draw.

    Args:
        adapter_sha256: of the adapter that was granted.
        consent_id: under which it was.
        data: the adapter, as it came from the vault.
        enrollment_ways: accessible ways by which the person was enrolled.

    Raises:
        AdapterMismatch: these are other bytes than were granted.
        LoraUnusable: they are no adapter.
    """

    def __init__(
        self,
        adapter_sha256: str,
        consent_id: str,
        data: bytes,
        enrollment_ways: tuple[str, ...] = (),
    ) -> None:
        if hashlib.sha256(data).hexdigest() != adapter_sha256:
            raise AdapterMismatch("the adapter that came is not the one that was granted")
        self.adapter_sha256 = adapter_sha256
        self.consent_id = consent_id
        self.enrollment_ways = enrollment_ways
        self.head = read_head(data)
        try:
            state = load(data)
        except (SafetensorError, ValueError) as error:
            raise LoraUnusable(f"the adapter cannot be read ({error}); train it again") from error
        self._changes = parse_names(state, _NAME, None)
        self._tensors = [*state.values()]
        self._data = bytearray(data)

    @property
    def data(self) -> bytearray:
        """The adapter, for whoever draws elsewhere; to be sealed before it leaves this process."""
        return self._data

    def check(self, checkpoint_sha256: str) -> None:
        """Raises `AdapterMismatch` unless the adapter is for that checkpoint."""
        if self.head.checkpoint_sha256 != checkpoint_sha256:
            raise AdapterMismatch(
                "the adapter was trained for another checkpoint: train one for this checkpoint, "
                "or render with the other",
                trained_on=self.head.checkpoint_sha256,
                rendered_with=checkpoint_sha256,
            )

    def join(self, checkpoint: Checkpoint, weight: float) -> Checkpoint:
        """A copy of the checkpoint with the adapter applied; the one given stays as it is.

        Raises:
            LoraUnusable: a layer is not in the checkpoint.
        """
        unet = copy_sharing_weights(checkpoint.unet)
        names = {
            name.replace(".", "_"): name
            for name, layer in cast("torch.nn.Module", unet).named_modules()
            if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d)
        }
        strength = AdapterStrength()
        for change in self._changes:
            name = names.get(change.layer) if change.target is Target.UNET else None
            if name is None:
                raise LoraUnusable(f"the checkpoint has no layer {change.layer} of the adapter")
            layer = unet.get_submodule(name)
            down, up = self._placed(change, layer, checkpoint, weight)
            unet.set_submodule(name, AdapterLayer(layer, strength, down, up))
        # Compiled code would have to be made anew for every adapter.
        return replace(checkpoint, unet=unet, strength=strength, compile_options=None)

    def wipe(self) -> None:
        """Overwrite every matrix of the adapter; only after the last picture is drawn."""
        self._data[:] = bytes(len(self._data))
        self._data = bytearray()
        for tensor in self._tensors:
            tensor.zero_()
        self._tensors.clear()
        self._changes.clear()

    @property
    def wiped(self) -> bool:
        """Whether nothing is held any more."""
        return not self._tensors and not self._changes and not self._data

    def _placed(
        self, change: Change, layer: torch.nn.Module, checkpoint: Checkpoint, weight: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        factor = weight * change.alpha / change.down.shape[0]
        # Of a convolution, the down half has the whole kernel and the up half 1 x 1.
        fits = change.down[0].numel() * change.up.shape[0] == _size(layer)
        if not fits:
            raise LoraUnusable(f"the layer {change.layer} of the adapter has another shape")
        down = change.down.to(checkpoint.device, checkpoint.dtype, copy=True)
        up = (change.up.float() * factor).to(checkpoint.device, checkpoint.dtype)
        self._tensors += [down, up]
        return down, up


def find_adapter(adapters: Sequence[IdentityAdapter], sha256: str) -> IdentityAdapter | None:
    """The adapter of that hash."""
    return next((each for each in adapters if each.adapter_sha256 == sha256), None)


def _size(layer: torch.nn.Module) -> int:
    return cast("torch.Tensor", layer.weight).numel()
