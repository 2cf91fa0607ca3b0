"""A start for the denoiser that can already read the knobs in the noise.

A knob is an average over one phase of one latent channel (see ``coupling``): each single number
carries a tenth of its strength, and a randomly initialised denoiser needs very long to find out
that such averages mean something. Here the straight way of the down path is set to sort the
phases into channels and average them, and one self-attention layer on the 4 x 4 map, whose first
heads start with equal attention everywhere, finishes the average over the whole picture. From
there on every position knows all knobs; what they mean is left to training.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

from songreel_sprout.coupling import SHAPE

PHASES: Final = 8
READINGS: Final = SHAPE[0] * PHASES
"""Channels that carry averages: one for each phase of each latent channel."""


def _silence(module: Any, rows: int) -> None:
    """Let a residual branch leave the first ``rows`` channels alone."""
    module.weight[:rows] = 0
    module.bias[:rows] = 0


def _identity(conv: Any, rows: int) -> None:
    """Pass the first ``rows`` channels through a 1x1 convolution or a linear layer."""
    _silence(conv, rows)
    for i in range(rows):
        conv.weight[i, i] = 1


@torch.no_grad()
def open_the_reading_way(unet: UNet2DConditionModel) -> None:
    """Set the weights of ``unet`` (a fresh one) that carry the averages, in place."""
    blocks: Any = unet.down_blocks
    channels = SHAPE[0]
    _silence(unet.conv_in, channels)
    for i in range(channels):
        unet.conv_in.weight[i, i, 1, 1] = 1
    _silence(blocks[0].resnets[0].conv2, channels)
    # Even and odd rows and columns part: four channels from each.
    first = blocks[0].downsamplers[0].conv
    _silence(first, 4 * channels)
    for i in range(4 * channels):
        first.weight[i, i // 4, 1 + i // 2 % 2, 1 + i % 2] = 1
    _identity(blocks[1].resnets[0].conv_shortcut, 4 * channels)
    _silence(blocks[1].resnets[0].conv2, 4 * channels)
    # Columns part again, rows are averaged.
    second = blocks[1].downsamplers[0].conv
    _silence(second, READINGS)
    for i in range(READINGS):
        second.weight[i, i // 2, 1:, 1 + i % 2] = 1 / 2
    third = blocks[2].downsamplers[0].conv
    _silence(third, READINGS)
    for i in range(READINGS):
        third.weight[i, i, 1:, 1:] = 1 / 4
    for block in blocks[2:]:
        _identity(block.resnets[0].conv_shortcut, READINGS)
        _silence(block.resnets[0].conv2, READINGS)
        _silence(block.attentions[0].proj_out, READINGS)
    _average_everywhere(blocks[3].attentions[0])


def _average_everywhere(layer: Any) -> None:
    """Write the mean over all positions of the readings into the next ``READINGS`` channels."""
    attention = layer.transformer_blocks[0].attn1
    _identity(layer.proj_in, READINGS)
    head = attention.to_q.weight.shape[0] // attention.heads
    equal = -(-READINGS // head) * head
    attention.to_q.weight[:equal] = 0
    attention.to_v.weight[:READINGS] = 0
    out = attention.to_out[0]
    goal = slice(READINGS, 2 * READINGS)
    out.weight[goal] = 0
    layer.proj_out.weight[goal] = 0
    for i in range(READINGS):
        # The norms before have scaled noise to 1 and the knob to about a quarter.
        attention.to_v.weight[i, i] = 4
        out.weight[READINGS + i, i] = 1
        layer.proj_out.weight[READINGS + i, READINGS + i] = 1


@torch.no_grad()
def open_the_drawing_way(unet: UNet2DConditionModel) -> None:
    """Let every level of the up path write straight into the output, in place.

    The first eight channels of each level are what has been drawn so far: levels pass them on
    through smooth interpolation and add to them, a pyramid from coarse to fine. From the usual
    start the coarse levels reach the output only through a dozen shrinking convolutions, and
    hundreds of updates pass before a sky differs from the ground.
    """
    count = SHAPE[0]
    smooth = torch.tensor([0.25, 0.5, 0.25])
    blocks: Any = unet.up_blocks
    for b, block in enumerate(blocks):
        for r, resnet in enumerate(block.resnets):
            _silence(resnet.conv2, count)
            if b == 0 and r == 0:
                # Below, these channels read the noise; the drawing starts empty.
                _silence(resnet.conv_shortcut, count)
            else:
                _identity(resnet.conv_shortcut, count)
        for layer in getattr(block, "attentions", None) or ():
            _silence(layer.proj_out, count)
        if block.upsamplers is not None:
            conv = block.upsamplers[0].conv
            _silence(conv, count)
            for i in range(count):
                conv.weight[i, i] = smooth[:, None] * smooth[None, :]
    _straight_out(unet, blocks[-1].resnets[-1], constant=10.0)


def _straight_out(unet: UNet2DConditionModel, last: Any, constant: float) -> None:
    """Pass the drawing unchanged through the last norm and silu.

    silu(x) - silu(-x) = x; each of the eight norm groups of four channels holds one pair and a
    large constant that keeps its scale (nearly) fixed.
    """
    norm: Any = unet.conv_norm_out
    out: Any = unet.conv_out
    size = norm.num_channels // norm.num_groups
    assert norm.num_groups == SHAPE[0]
    assert size >= 3
    out.weight[:] = 0
    out.bias[:] = 0
    share = constant / size
    spread = (constant**2 / size - share**2) ** 0.5
    for j in range(SHAPE[0]):
        first = size * j
        for row in range(first, first + 3):
            last.conv2.weight[row] = 0
            last.conv2.bias[row] = 0
            last.conv_shortcut.weight[row] = 0
            last.conv_shortcut.bias[row] = 0
        last.conv_shortcut.weight[first, j] = 1
        last.conv_shortcut.weight[first + 1, j] = -1
        last.conv_shortcut.bias[first + 2] = constant
        norm.weight[first : first + 2] = spread
        norm.bias[first : first + 2] = share
        out.weight[j, first, 1, 1] = 1
        out.weight[j, first + 1, 1, 1] = -1


@torch.no_grad()
def open_the_place_way(unet: UNet2DConditionModel) -> None:
    """Tell each position of the 4 x 4 map its row and its column, in place.

    A convolutional denoiser knows where it is only from the zeros beyond the border. Here one
    residual branch turns them into eight channels, one for each row and each column, so that
    "the sky is above" can be learnt from the first update.
    """
    blocks: Any = unet.down_blocks
    source = blocks[2].downsamplers[0].conv
    constant = len(source.weight) - 1
    source.weight[constant] = 0
    source.bias[constant] = 3
    resnet = blocks[3].resnets[0]
    last = len(resnet.conv1.weight)
    for side, (row, column) in enumerate(((0, 1), (2, 1), (1, 0), (1, 2))):
        # One where the border is next on this side, zero elsewhere.
        edge = last - 4 + side
        resnet.conv1.weight[edge] = 0
        resnet.conv1.bias[edge] = 0
        # Strong enough to stand out among the noisy channels of its norm group.
        resnet.conv1.weight[edge, constant, 1, 1] = 8
        resnet.conv1.weight[edge, constant, row, column] = -8
        resnet.time_emb_proj.weight[edge] = 0
        resnet.time_emb_proj.bias[edge] = 0
        for away in range(2):
            code = 2 * READINGS + 2 * side + away
            resnet.conv2.weight[code] = 0
            resnet.conv2.bias[code] = 0
            tap = (row, column) if away else (1, 1)
            resnet.conv2.weight[code, edge, tap[0], tap[1]] = 2
            resnet.conv_shortcut.weight[code] = 0
            resnet.conv_shortcut.bias[code] = 0
