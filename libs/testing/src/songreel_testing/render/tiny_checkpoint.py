"""A real but tiny checkpoint, short songs, and a renderer of the test's own."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.render.v1.render_service_pb2 import RenderRequest, RenderResult
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.documents import store_document
from songreel_kit.work import CancelToken
from songreel_render.plan.planner import RenderJob
from songreel_render.renderer import Renderer
from songreel_render.settings import RenderSettings as ServiceSettings
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel

from songreel_testing.serving import temporary_store

RATE = 44100
TOKENS = 16
FPS = 12
BEAT = 0.5
PARTS = {
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "scheduler": ["diffusers", "DDIMScheduler"],
}


def write_checkpoint(folder: Path) -> Path:
    """The layers of Stable Diffusion 1.x, 8 to 32 channels wide."""
    torch.manual_seed(11)
    vocabulary = write_tokenizer(folder / "tokenizer")
    CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=2, max_position_embeddings=TOKENS, projection_dim=32,
            bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1, pad_token_id=vocabulary - 1,
        )
    ).save_pretrained(folder / "text_encoder")  # fmt: skip
    UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 16, 32, 32), norm_num_groups=8,
        cross_attention_dim=32, attention_head_dim=2,
    ).save_pretrained(folder / "unet")  # fmt: skip
    autoencoder = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), norm_num_groups=4, layers_per_block=2,
        latent_channels=4, sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )  # fmt: skip
    # Untrained decoders paint everything grey; cuts and motion should be seen.
    autoencoder.decoder.conv_out.weight.data *= 3.0
    autoencoder.save_pretrained(folder / "vae")
    DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
        set_alpha_to_one=False, steps_offset=1,
    ).save_pretrained(folder / "scheduler")  # fmt: skip
    write_json(folder / "model_index.json", {"_class_name": "StableDiffusionPipeline", **PARTS})
    write_json(folder / "songreel.json", {"steps": 2, "guidance_scale": 1.0, "size": 64})
    return folder


def write_tokenizer(folder: Path) -> int:
    """CLIP's files (vocab.json, merges.txt) for single letters and a few pairs."""
    letters = sorted(ByteLevel.alphabet())
    merges = ["b e", "be a", "bea c", "beac h</w>"]
    words = [
        *letters, *(letter + "</w>" for letter in letters),
        *(merge.replace(" ", "") for merge in merges), "<|startoftext|>", "<|endoftext|>",
    ]  # fmt: skip
    folder.mkdir(parents=True)
    write_json(folder / "vocab.json", {word: place for place, word in enumerate(words)})
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": TOKENS},
    )
    return len(words)


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def clicks(seconds: float, rate: int = RATE) -> np.ndarray:
    """(samples,) float32: a tone with a sharp click on every beat."""
    time = np.arange(round(seconds * rate)) / rate
    click = np.exp(-(time % BEAT) * 60) * np.sin(2 * np.pi * 1500 * time)
    return (0.6 * click + 0.05 * np.sin(2 * np.pi * 220 * time)).astype(np.float32)


def write_song(path: Path, seconds: float, codec: str = "libmp3lame", rate: int = RATE) -> Path:
    """The clicks in a file; its ending names the container."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(clicks(seconds, rate)[None], "fltp", "mono")
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler(
            stream.format.name, "mono", rate, frame_size=stream.codec_context.frame_size or None
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def analysis_of(duration: float, start: float = 0.0) -> SongAnalysis:
    """What an analyser finds in the clicks."""
    analysis = SongAnalysis(duration=duration, sample_rate=22050, tempo_bpm=60 / BEAT, metre=4)
    beats = np.arange(0, duration, BEAT)
    analysis.beats.extend(beats)
    analysis.downbeats.extend(beats[::4])
    analysis.onset_rate = 100.0
    times = np.arange(int(duration * 100)) / 100
    analysis.onset_strength.extend(np.exp(-(times % BEAT) * 20).astype(np.float32))
    half = duration / 2
    analysis.sections.add(start=0, end=half, label="A", energy=0.2)
    analysis.sections.add(start=half, end=duration, label="B", energy=1.0)
    analysis.excerpt.start, analysis.excerpt.end = start, start + duration
    analysis.waveform_rate = 100.0
    analysis.waveform_peak.extend(np.exp(-(times % BEAT) * 20).astype(np.float32))
    return analysis


def storyboard_of(*scenes: Scene) -> Storyboard:
    return Storyboard(title="Clicks", style="sketch", storyteller="hand", scenes=scenes)


def scene(start: float, end: float, prompt: str = "beach", seed: int = 1, **more: Any) -> Scene:
    return Scene(start=start, end=end, prompt=prompt, seed=seed, mood="joyful", **more)


def even_scenes(duration: float, count: int = 2, **more: Any) -> list[Scene]:
    bounds = [duration * place / count for place in range(count + 1)]
    return [
        scene(start, end, f"beach {place}", seed=place, **more)
        for place, (start, end) in enumerate(itertools.pairwise(bounds))
    ]


@dataclass
class Stage:
    """A renderer with a store in a folder."""

    folder: Path
    checkpoint: Path
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "scratch").mkdir(parents=True, exist_ok=True)
        self.store = temporary_store(self.folder)
        self.settings = ServiceSettings(
            **{
                "checkpoint": self.checkpoint, "store": str(self.folder / "artifacts"),
                "scratch": self.folder / "scratch", "device": "cpu", "dtype": "float32",
                "batch_frames": 3, "segment_frames": 6, "threads": 1,
                "signing_folder": self.folder / "credentials",
            } | self.options
        )  # fmt: skip
        self.renderer = Renderer(self.settings, self.store)

    def request(
        self,
        song: Path,
        analysis: SongAnalysis,
        storyboard: Storyboard,
        **settings: Any,
    ) -> RenderRequest:
        return RenderRequest(
            song=self.store.put_file(song, "audio/mpeg"),
            analysis=store_document(self.store, analysis),
            storyboard=store_document(self.store, storyboard),
            settings=RenderSettings(**{"fps": str(FPS)} | settings),
        )

    def render(
        self, request: RenderRequest, report: Any = None, token: CancelToken | None = None
    ) -> RenderResult:
        job = RenderJob(request.song, request.analysis, request.storyboard, request.settings)
        report, token = report or ignore, token or CancelToken()
        prepared = self.renderer.prepare(job, report, token)
        return self.renderer.finished(prepared) or self.renderer.render(prepared, report, token)

    def film(self, artifact: Artifact) -> Film:
        with self.store.local_path(artifact) as path:
            return Film.read(path)


def ignore(progress: Progress) -> None:
    pass


@dataclass(frozen=True)
class Film:
    """A video as a player sees it."""

    frames: np.ndarray
    """(frames, height, width, 3) uint8."""
    times: list[Fraction]
    """Seconds at which each is shown."""
    sound: np.ndarray
    """(samples,) float32, as played from 0 on."""
    sound_rate: int
    codecs: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Film:
        with av.open(str(path)) as container:
            codecs = tuple(stream.codec_context.name for stream in container.streams)
            pictures = list(container.decode(video=0))
            frames = np.stack([picture.to_ndarray(format="rgb24") for picture in pictures])
            times = [picture.pts * picture.time_base for picture in pictures]
        sound, rate = read_sound(path)
        return cls(frames, times, sound, rate, codecs)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.frames.tobytes()).hexdigest()

    def changes(self) -> np.ndarray:
        """(frames,) mean difference of each frame to the one before it."""
        steps = np.abs(np.diff(self.frames.astype(np.float32), axis=0)).mean(axis=(1, 2, 3))
        return np.concatenate([[0.0], steps])


def read_sound(path: Path) -> tuple[np.ndarray, int]:
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono")
        parts = [
            part.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
        return np.concatenate(parts), container.streams.audio[0].codec_context.sample_rate


def audio_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]
