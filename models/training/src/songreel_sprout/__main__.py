"""The command line: ``python -m songreel_sprout paint|train|export|sheet|seeds|measure``."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from songreel_sprout.painter.scenes import HELD_OUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="songreel_sprout", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    paint = commands.add_parser("paint", help="paint a sheet of random scenes, to look at")
    paint.add_argument("target", type=Path, help="picture file to write")
    paint.add_argument("--seed", type=int, default=0)
    paint.add_argument("--rows", type=int, default=4)
    paint.add_argument("--columns", type=int, default=6)

    train = commands.add_parser("train", help="train everything from nothing, or go on")
    train.add_argument("work", type=Path, help="work folder (pictures, latents, checkpoints)")
    train.add_argument("--scenes", type=int, default=28_000, help="pictures to paint")
    train.add_argument("--held", type=int, default=HELD_OUT, help="of them, never trained on")
    train.add_argument("--word-updates", type=int, default=500, help="of the text encoder")
    train.add_argument("--autoencoder-minutes", type=float, default=30.0)
    train.add_argument("--minutes", type=float, default=240.0, help="for the denoiser, in all")
    train.add_argument("--distill-minutes", type=float, default=30.0, help="for the few steps")
    train.add_argument(
        "--rate", type=float, default=8e-4, help="peak learning rate of the denoiser"
    )
    train.add_argument("--batch", type=int, default=16, help="128 suits a GPU")
    train.add_argument("--start", type=Path, help="exported checkpoint to begin from")
    train.add_argument("--threads", type=int, default=0, help="0: as many as there are cores")

    export = commands.add_parser("export", help="write the latest checkpoint for diffusers")
    export.add_argument("work", type=Path)
    export.add_argument("target", type=Path, help="folder to write, e.g. models/sprout")

    for name, what in (
        ("sheet", "draw the standard prompts with a checkpoint"),
        ("seeds", "draw three scenes in every style from six seeds"),
    ):
        sheet = commands.add_parser(name, help=what)
        sheet.add_argument("checkpoint", type=Path)
        sheet.add_argument("target", type=Path, help="picture file to write")
        sheet.add_argument("--steps", type=int, help="default: the checkpoint's songreel.json")
        sheet.add_argument("--guidance", type=float, help="default: the same")

    measure = commands.add_parser("measure", help="caption agreement, smoothness and speed")
    measure.add_argument("checkpoint", type=Path)
    measure.add_argument("--work", type=Path, required=True, help="keeps the judge's weights")
    measure.add_argument("--pictures", type=int, default=480, help="drawings to judge, at most 500")
    measure.add_argument("--faces", type=Path, help="folder of photographs and clips of faces")
    return parser


def _paint(target: Path, seed: int, rows: int, columns: int) -> None:
    from PIL import Image

    from songreel_sprout.captions.labels import KNOB_COUNT, random_indices
    from songreel_sprout.painter.painter import paint_array
    from songreel_sprout.training.sheets import grid

    rng = np.random.default_rng(seed)
    labels = random_indices(rng, rows * columns)
    pictures = [Image.fromarray(paint_array(row, rng.random(KNOB_COUNT))) for row in labels]
    grid(pictures, columns).save(target)


def main(argv: list[str] | None = None) -> None:
    """Run one command. Heavy imports wait for the command that needs them."""
    args = _parser().parse_args(argv)
    if args.command == "paint":
        _paint(args.target, args.seed, args.rows, args.columns)
    elif args.command == "train":
        import torch

        from songreel_sprout.networks.autoencoder import AutoencoderSettings
        from songreel_sprout.training.distillation import DistillationSettings
        from songreel_sprout.training.trainer import DiffusionSettings
        from songreel_sprout.training.training import TrainingSettings, train

        if args.threads:
            torch.set_num_threads(args.threads)
        settings = TrainingSettings(
            work=args.work,
            start=args.start,
            scenes=args.scenes,
            held=args.held,
            autoencoder=AutoencoderSettings(minutes=args.autoencoder_minutes),
            diffusion=DiffusionSettings(
                minutes=args.minutes, batch=args.batch, rate=args.rate, words=args.word_updates
            ),
            distillation=DistillationSettings(minutes=args.distill_minutes, batch=args.batch),
        )
        train(settings)
    elif args.command == "export":
        from songreel_sprout.training.training import export_run

        print(f"{export_run(args.work, args.target) / 1e6:.1f} MB")
    elif args.command in ("sheet", "seeds"):
        _show(args)
    else:
        from songreel_sprout.training.evaluation import measure

        print(measure(args.checkpoint, args.work, args.pictures, args.faces))


def _show(args: argparse.Namespace) -> None:
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import (
        StableDiffusionPipeline,
    )

    from songreel_sprout.training.evaluation import sampling_settings
    from songreel_sprout.training.sheets import write_seeds, write_sheet

    sampling = sampling_settings(args.checkpoint)
    steps = args.steps or sampling.steps
    guidance = sampling.guidance if args.guidance is None else args.guidance
    pipe = StableDiffusionPipeline.from_pretrained(args.checkpoint, safety_checker=None)
    if args.command == "sheet":
        write_sheet(pipe, args.target, steps, guidance=guidance)
    else:
        write_seeds(pipe, args.target, steps, guidance)


if __name__ == "__main__":
    main()
