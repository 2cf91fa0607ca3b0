"""People who are enrolled without a camera, through the same doors as a passed session."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from songreel_identity.enrollment.frame_pipeline import Still
from songreel_identity.enrollment.sessions import EnrollmentSessions
from songreel_identity.liveness.protocol import Outcome, Reason, Verdict
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel

PASSED = Outcome(Verdict.PASS, Reason.OK)
TOKENS = 16


def consent(vault, name):
    return vault.record_consent(name, vault.text.version, vault.text.sha256)


def enroll(vault, name, stills, ways=frozenset()):
    """Consent, session, pass: what is in the vault afterwards is what a camera would leave."""
    consent(vault, name)
    enrollment_sessions = EnrollmentSessions(vault)
    nonce, _ = enrollment_sessions.open(name)
    enrollment_sessions.end(enrollment_sessions.begin(nonce, name, ways), PASSED, stills)


def made_up_stills(seed=0, size=96):
    """Seven pictures of nobody, all different."""
    random = np.random.default_rng(seed)
    stills = []
    for _ in range(7):
        coarse = random.integers(0, 255, (6, 6, 3)).astype(np.uint8)
        picture = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
        stills.append(still(picture, random.normal(0, 0.1, 128)))
    return stills


def still(picture, embedding):
    """One still of (height, width, 3) BGR."""
    jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    return Still(jpeg, hashlib.sha256(jpeg).hexdigest(), np.asarray(embedding))


def write_checkpoint(folder: Path, seed: int = 11, prediction: str = "v_prediction") -> Path:
    """Stable Diffusion 1.x of the smallest size, with the embedded checkpoint's extra part."""
    torch.manual_seed(seed)
    vocabulary = _write_tokenizer(folder / "tokenizer")
    CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
            num_attention_heads=2, max_position_embeddings=TOKENS, projection_dim=16,
            bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1, pad_token_id=vocabulary - 1,
        )
    ).save_pretrained(folder / "text_encoder")  # fmt: skip
    UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 16), norm_num_groups=8, layers_per_block=1,
        cross_attention_dim=16, attention_head_dim=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        addition_embed_type="text", addition_embed_type_num_heads=2,
    ).save_pretrained(folder / "unet")  # fmt: skip
    AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), norm_num_groups=4, layers_per_block=1,
        latent_channels=4, sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    ).save_pretrained(folder / "vae")  # fmt: skip
    DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
        prediction_type=prediction, rescale_betas_zero_snr=prediction == "v_prediction",
    ).save_pretrained(folder / "scheduler")  # fmt: skip
    _write_json(folder / "model_index.json", {"_class_name": "StableDiffusionPipeline"})
    _write_json(folder / "songreel.json", {"steps": 1, "guidance_scale": 1.0, "size": 64})
    return folder


def _write_tokenizer(folder: Path) -> int:
    letters = sorted(ByteLevel.alphabet())
    words = [
        *letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>",
    ]  # fmt: skip
    folder.mkdir(parents=True)
    _write_json(folder / "vocab.json", {word: place for place, word in enumerate(words)})
    (folder / "merges.txt").write_text("#version: 0.2\n")
    _write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": TOKENS},
    )
    return len(words)


def _write_json(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
