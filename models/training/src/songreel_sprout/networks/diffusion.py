"""The denoiser, its text encoder and its noise schedule.

v-prediction (Salimans & Ho 2022) on a schedule with zero terminal signal-to-noise ratio (Lin et
al. 2023, "Common diffusion noise schedules and sample steps are flawed"): at the last timestep
the input is pure noise and the target is the picture itself.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from songreel_sprout.networks.codec import SHAPE
from songreel_sprout.networks.tokenizer import MAX_LENGTH

TEXT_WIDTH: Final = 192
CHANNEL_WEIGHTS: Final = (2.0, 1.5, 1.5, 0.6, 0.6, 0.6, 0.6, 0.6)
"""Weights of the latent channels in the loss, mean 1."""


class Sprout(nn.Module):
    """Text encoder and denoiser as one module, so that one moving average covers both."""

    def __init__(self, vocabulary: int, end: int, start: int) -> None:
        super().__init__()
        self.text = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=vocabulary,
                hidden_size=TEXT_WIDTH,
                intermediate_size=4 * TEXT_WIDTH,
                projection_dim=TEXT_WIDTH,
                num_hidden_layers=2,
                num_attention_heads=4,
                max_position_embeddings=MAX_LENGTH,
                bos_token_id=start,
                eos_token_id=end,
                pad_token_id=end,
            )
        )
        self.unet = UNet2DConditionModel(
            sample_size=SHAPE[1],
            in_channels=SHAPE[0],
            out_channels=SHAPE[0],
            # A thin first level: its 32 x 32 positions would take most of the time. Attention
            # only where there are few positions.
            block_out_channels=(40, 80, 160, 256),
            layers_per_block=1,
            down_block_types=("DownBlock2D",) * 2 + ("CrossAttnDownBlock2D",) * 2,
            up_block_types=("CrossAttnUpBlock2D",) * 2 + ("UpBlock2D",) * 2,
            # The 4 x 4 level has three blocks with attention already; this one would weigh 8 MB.
            mid_block_type=None,
            cross_attention_dim=TEXT_WIDTH,
            attention_head_dim=4,
            norm_num_groups=8,
            # What the caption says also reaches every block with the timestep: attention alone
            # (at 8 x 8 and 4 x 4) learns to place a subject many times more slowly.
            addition_embed_type="text",
            addition_embed_type_num_heads=4,
        )
        quieten(self.unet)

    def forward(self, noisy: Tensor, timesteps: Tensor, ids: Tensor) -> Tensor:
        """Predicted v ``(n, 8, 32, 32)`` for token ids ``(n, 64)``."""
        # Pre-trained (see ``wording``) and frozen.
        with torch.no_grad():
            words = self.text(input_ids=ids).last_hidden_state
        return self.unet(noisy, timesteps, encoder_hidden_states=words).sample


def quieten(unet: UNet2DConditionModel) -> None:
    """Let the caption's part of the timestep embedding begin at half of the timestep's."""
    parts: Any = unet
    nn.init.constant_(parts.add_embedding.norm2.weight, 0.3)


def new_sprout(tokenizer: CLIPTokenizer) -> Sprout:
    """An untrained model for a tokenizer."""
    ids: Any = tokenizer
    return Sprout(len(tokenizer), end=int(ids.eos_token_id), start=int(ids.bos_token_id))


def new_scheduler() -> DDIMScheduler:
    """The schedule of training and of drawing."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=True,
        # Without effect on trailing steps; the pipeline warns about any other value.
        steps_offset=1,
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        rescale_betas_zero_snr=True,
    )
