"""Where networks compute and how: device, precision, memory layout, compilation, batches."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import torch
from songreel_kit.errors import FailedPrecondition
from songreel_kit.telemetry.logging import get_logger

from songreel_render.settings import CompileMode

_log = get_logger(__name__)
_CGROUP_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")
# More frames at once gain nothing there, measured for UNets of 11 M to 860 M parameters.
_MOST_FRAMES: Final = {"cpu": 8, "cuda": 32}
# Share of the whole memory that the activations of a batch may take.
_ACTIVATIONS_SHARE: Final = 0.25


def choose_device(name: str) -> torch.device:
    """The device of a name; "auto" is cuda where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """The precision of a name; "auto" is float16 on cuda, bfloat16 on a CPU that has it."""
    if name == "auto":
        if device.type == "cuda":
            return torch.float16
        return torch.bfloat16 if _fast_bfloat16() else torch.float32
    return cast("torch.dtype", getattr(torch, name))


def decoder_dtype(dtype: torch.dtype, *, overflows: bool) -> torch.dtype:
    """Precision of the autoencoder.

    One that overflows float16 paints black; bfloat16 has the range and half the memory of
    float32.
    """
    return torch.bfloat16 if overflows and dtype == torch.float16 else dtype


def to_device(network: Any, device: torch.device, dtype: torch.dtype) -> Any:
    """Move a network; channels-last is what convolutions are fastest in, on CPU and GPU."""
    # torch's own `to`: diffusers' warns of modules to be kept in float32, and here are none.
    plain: Any = torch.nn.Module.to
    return plain(network, device, dtype, memory_format=torch.channels_last)


def total_memory(device: torch.device) -> int:
    """Bytes of the device, or of this process's share of the machine.

    Not what is free at the moment: batches are part of a plan, and a resumed render must come
    to the same ones.
    """
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = int(_CGROUP_LIMIT.read_text())
    except (OSError, ValueError):  # no cgroup, or "max"
        return physical
    return min(physical, limit)


def batch_for(memory: int, device_type: str, frame_bytes: int) -> int:
    """Frames to draw at once.

    Args:
        memory: bytes, as `total_memory` gives them.
        device_type: "cpu", "cuda".
        frame_bytes: bytes of activations of one frame at the peak.
    """
    most = _MOST_FRAMES.get(device_type, _MOST_FRAMES["cpu"])
    return max(1, min(most, int(memory * _ACTIVATIONS_SHARE) // max(1, frame_bytes)))


class CompiledCall:
    """A network's function through torch.compile; computes plainly, and says so, if that fails.

    Compilation happens at the first call and needs a compiler on the machine.

    Args:
        plain: the function as it is.
        name: of the network, for the note.
        options: of `torch.compile`: mode, or backend.
    """

    def __init__(self, plain: Callable[..., Any], name: str, **options: Any) -> None:
        self._plain = plain
        self._name = name
        # One shape: batches are padded, so that nothing is compiled twice.
        self._compiled: Any = torch.compile(plain, dynamic=False, **options)
        self._worked = False
        self.note = ""
        """Why it is not compiled after all; empty while it is."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        if self.note:
            return self._plain(*args, **kwargs)
        try:
            if torch.cuda.is_available():
                # CUDA graphs overwrite their last outputs at the next step.
                torch.compiler.cudagraph_mark_step_begin()
            result = self._compiled(*args, **kwargs)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            if self._worked:
                raise
            first_line = str(error).strip().partition("\n")[0]
            self.note = f"the {self._name} could not be compiled and ran plainly: {first_line}"
            _log.warning("compilation failed", network=self._name, problem=str(error))
            return self._plain(*args, **kwargs)
        self._worked = True
        return _copied(result)


def compile_options(mode: CompileMode, device: torch.device) -> dict[str, Any] | None:
    """Options of `torch.compile` for a setting; None is not to compile.

    "auto" compiles on cuda, with CUDA graphs ("reduce-overhead"): small networks wait for the
    launches of their kernels more than for the kernels.
    """
    if mode == "off" or (mode == "auto" and device.type != "cuda"):
        return None
    return {"mode": "reduce-overhead" if mode == "auto" else mode}


def out_of_memory(error: torch.OutOfMemoryError, batch: int) -> FailedPrecondition:
    """A typed error for a batch that did not fit."""
    return FailedPrecondition(
        f"the device's memory is too small for {batch} frames at once; set "
        "SONGREEL_RENDER_BATCH_FRAMES to fewer, or draw at a smaller size",
        batch=str(batch),
    )


def _copied(result: Any) -> Any:
    """Out of the memory that a CUDA graph writes to again at its next run."""
    if isinstance(result, tuple):
        return tuple(_copied(part) for part in cast("tuple[Any, ...]", result))
    return result.clone() if isinstance(result, torch.Tensor) and result.is_cuda else result


def _fast_bfloat16() -> bool:
    """Whether the CPU has bfloat16 arithmetic.

    There drawing takes half the time (115 against 242 CPU-ms a frame of 256 px, two steps) and
    the pictures are 42 dB from float32's, which no eye sees; elsewhere it is emulated and slow.
    """
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported is not None and supported())
