"""The autoencoder: 256 x 256 pictures to 32 x 32 latents of 8 channels, and back.

It starts as an explicit linear codec: of every block of 8 x 8 px the latents keep the mean
colour and the five slowest Walsh waves of its brightness, and the decoder interpolates the mean
colours. That is about 20 dB before the first update. From the usual random start minutes of
training on two cores stayed at a grey 16 dB, with an 8-fold and a 16-fold model alike.

Each channel's mean and spread are folded into the 1x1 convolutions, so that latents have mean 0
and variance 1 and ``scaling_factor`` is exactly 1: the pipeline knows no shift.
"""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor
from torch.nn import functional as F

Conv = torch.nn.Conv2d


CHANNELS: Final = 8


FACTOR: Final = 8

SHAPE: Final = (CHANNELS, 32, 32)
"""Channels, rows and columns of the latents of a 256-px picture."""

LATENT_NOISE: Final = 0.1
"""Noise added to unit-variance latents while training, so that small errors decode alike."""

COLOURS: Final = torch.tensor([[1 / 3, 1 / 3, 1 / 3], [0.5, 0.0, -0.5], [-0.25, 0.5, -0.25]])
"""Red, green, blue to brightness, red against blue, green against both.

Red, green and blue rise and fall together; as latents they would say brightness three times and
colour hardly at all, and every error of the denoiser would be a coloured speckle.
"""


def new_autoencoder() -> AutoencoderKL:
    """An untrained autoencoder: a linear codec with room to learn, 3 million parameters."""
    widths: Any = (16, 32, 64, 96)
    down: Any = ("DownEncoderBlock2D",) * len(widths)
    up: Any = ("UpDecoderBlock2D",) * len(widths)
    model = AutoencoderKL(
        down_block_types=down,
        up_block_types=up,
        block_out_channels=widths,
        layers_per_block=1,
        latent_channels=CHANNELS,
        # One group: with two channels to a group every norm would erase how strong a colour is.
        norm_num_groups=1,
        sample_size=256,
        scaling_factor=1.0,
        # Attention over 1,024 positions buys little at this size and costs time.
        mid_block_add_attention=False,
    )
    _linear_codec(model)
    return model


def _set(conv: Conv, row: int, taps: dict[int, Tensor | float]) -> None:
    """Make output ``row`` a sum of input channels, each through a kernel (a number: 1x1)."""
    conv.weight[row] = 0
    if conv.bias is not None:
        conv.bias[row] = 0
    middle = conv.weight.shape[-1] // 2
    for channel, kernel in taps.items():
        if isinstance(kernel, Tensor):
            conv.weight[row, channel] = kernel
        else:
            conv.weight[row, channel, middle, middle] = kernel


def _straight_out(norm: torch.nn.GroupNorm, conv: Conv, count: int, constant: float) -> None:
    """Make ``conv(silu(norm(h)))`` return ``h[:count]``, given ``h[count:2 count] = -h[:count]``.

    silu(x) - silu(-x) = x. A channel with a large constant keeps the norm's scale (nearly) fixed.
    """
    share = constant / norm.num_channels
    spread = math.sqrt(constant**2 / norm.num_channels - share**2)
    norm.weight[: 2 * count] = spread
    norm.bias[: 2 * count] = share
    for i in range(count):
        _set(conv, i, {i: 1.0, count + i: -1.0})


@torch.no_grad()
def _linear_codec(model: AutoencoderKL) -> None:
    """Set the straight way of ``model`` to the linear codec; residual branches start silent."""
    for name, module in model.named_modules():
        if name.endswith("conv2") and isinstance(module, torch.nn.Conv2d):
            module.weight.zero_()
            assert module.bias is not None
            module.bias.zero_()
    box, dx, dy, cross = (torch.zeros(3, 3) for _ in range(4))
    signs = torch.tensor([[1.0, 1.0], [1.0, 1.0]]), torch.tensor([[1.0, -1.0], [1.0, -1.0]])
    box[:2, :2], dx[:2, :2] = signs[0] / 4, signs[1] / 4
    dy[:2, :2], cross[:2, :2] = signs[1].T / 4, torch.tensor([[1.0, -1.0], [-1.0, 1.0]]) / 4
    down: Any = model.encoder.down_blocks
    luma = dict.fromkeys(range(3), 1 / 3)
    for i in range(3):
        _set(model.encoder.conv_in, i, {i: 1.0})
        for block in down[:3]:
            _set(block.downsamplers[0].conv, i, {i: box})
    halves = down[1].downsamplers[0].conv
    _set(halves, 3, {i: w * dx for i, w in luma.items()})
    _set(halves, 4, {i: w * dy for i, w in luma.items()})
    eighths = down[2].downsamplers[0].conv
    for row, kernel in ((3, dx), (4, dy), (5, cross)):
        _set(eighths, row, {i: w * kernel for i, w in luma.items()})
    _set(eighths, 6, {3: dx})
    _set(eighths, 7, {4: dy})
    for block, count in ((down[1], 3), (down[2], 5)):
        for i in range(count):
            _set(block.resnets[0].conv_shortcut, i, {i: 1.0})
    _pairs(down[3].resnets[0].conv_shortcut, CHANNELS, 30.0)
    _straight_out(model.encoder.conv_norm_out, model.encoder.conv_out, CHANNELS, 30.0)
    for conv, mixing in (
        (model.quant_conv, COLOURS),
        (model.post_quant_conv, torch.linalg.inv(COLOURS)),
    ):
        assert conv is not None
        for i in range(3):
            _set(conv, i, {j: float(mixing[i, j]) for j in range(3)})
        for i in range(3, CHANNELS):
            _set(conv, i, {i: 1.0})
    for i in range(CHANNELS, 2 * CHANNELS):
        _set(model.encoder.conv_out, i, {})
        assert model.quant_conv is not None
        assert model.quant_conv is not None
        _set(model.quant_conv, i, {})
    smooth = torch.tensor([0.25, 0.5, 0.25])
    up: Any = model.decoder.up_blocks
    for i in range(CHANNELS):
        _set(model.decoder.conv_in, i, {i: 1.0})
    for i in range(3):
        for block in up[:3]:
            _set(block.upsamplers[0].conv, i, {i: smooth[:, None] * smooth[None, :]})
        for block in up[1:3]:
            _set(block.resnets[0].conv_shortcut, i, {i: 1.0})
    _pairs(up[3].resnets[0].conv_shortcut, 3, 10.0)
    norm: Any = model.decoder.conv_norm_out
    _straight_out(norm, model.decoder.conv_out, 3, 10.0)


def _pairs(conv: Conv, count: int, constant: float) -> None:
    """Outputs: ``count`` inputs, their negatives, one constant, and silence."""
    for row in range(len(conv.weight)):
        sign = 1.0 if row < count else -1.0
        _set(conv, row, {row % count: sign} if row < 2 * count else {})
    assert conv.bias is not None
    conv.bias[2 * count] = constant


def latents_of(model: AutoencoderKL, pictures: Tensor) -> Tensor:
    """Mean latents ``(n, 8, h/8, w/8)`` of pictures ``(n, 3, h, w)`` in [-1, 1]."""
    parts: Any = model
    moments: Tensor = parts.quant_conv(parts.encoder(pictures))
    return moments[:, :CHANNELS].float()


def linear_latents(pictures: Tensor) -> Tensor:
    """What a fresh encoder computes, without the network and a hundred times as fast.

    ``(n, 3, h, w)`` to ``(n, 8, h/8, w/8)``: the mean colour (see ``COLOURS``) and five Walsh
    waves of
    the brightness (left-right, up-down, crossed, and the two with three stripes).
    """

    def left_right(x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, (2, 1))
        return (x[..., ::2] - x[..., 1::2]) / 2

    def up_down(x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, (1, 2))
        return (x[..., ::2, :] - x[..., 1::2, :]) / 2

    quarter = F.avg_pool2d(pictures, 2).mean(dim=1, keepdim=True)
    fours = F.avg_pool2d(pictures, 4)
    luma = fours.mean(dim=1, keepdim=True)
    crossed = (
        luma[..., ::2, ::2] - luma[..., ::2, 1::2] - luma[..., 1::2, ::2] + luma[..., 1::2, 1::2]
    )
    colours = torch.einsum("ij,njhw->nihw", COLOURS.to(pictures), F.avg_pool2d(fours, 2))
    return torch.cat(
        [
            colours,
            left_right(luma),
            up_down(luma),
            crossed / 4,
            left_right(left_right(quarter)),
            up_down(up_down(quarter)),
        ],
        dim=1,
    )


@torch.no_grad()
def fold(model: AutoencoderKL, mean: Tensor, std: Tensor) -> AutoencoderKL:
    """Make latents mean 0 and variance 1 per channel, in place, reconstructions unchanged.

    ``mean`` and ``std`` ``(8,)`` go into the 1x1 convolutions after the encoder and before the
    decoder, because the pipeline knows only one scaling factor.
    """
    out, back = model.quant_conv, model.post_quant_conv
    assert out is not None
    assert back is not None
    assert out.bias is not None
    assert back.bias is not None
    out.weight[:CHANNELS] /= std[:, None, None, None]
    out.bias[:CHANNELS] = (out.bias[:CHANNELS] - mean) / std
    # The encoder's spread is a constant: the noise that the decoder is trained to bear.
    out.weight[CHANNELS:] = 0
    out.bias[CHANNELS:] = 2 * math.log(LATENT_NOISE)
    back.bias += back.weight[:, :, 0, 0] @ mean
    back.weight *= std[None, :, None, None]
    return model


@torch.no_grad()
def folded(model: AutoencoderKL) -> tuple[Tensor, Tensor]:
    """The mean and spread ``(8,)`` that ``fold`` has put into ``model``."""
    out = model.quant_conv
    assert out is not None
    assert out.bias is not None
    mixing = torch.eye(CHANNELS)
    mixing[:3, :3] = COLOURS
    std = mixing.norm(dim=1) / out.weight[:CHANNELS, :CHANNELS, 0, 0].norm(dim=1)
    return -out.bias[:CHANNELS] * std, std
