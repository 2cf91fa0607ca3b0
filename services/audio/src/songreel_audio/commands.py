"""The command `songreel-audio`: serves the audio service, or trains its emotion network."""

import argparse
import sys
from pathlib import Path

from songreel_kit.errors import InvalidRequest, SongreelError, from_os_error
from songreel_kit.server.main import main as serve

from songreel_audio.__main__ import serving
from songreel_audio.emotion import deam
from songreel_audio.emotion.features import INPUTS
from songreel_audio.emotion.training import Score, Trained, train
from songreel_audio.settings import AudioSettings

LICENCE = (
    "DEAM's ratings are CC BY-NC: networks trained on them are for research only.\n"
    "openSMILE's licence says the same of what is trained on its features.\n"
)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code (0 done, 1 failed; wrong usage exits with 2)."""
    parser = argparse.ArgumentParser(prog="songreel-audio", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve the audio service until a signal comes")
    trainer = commands.add_parser(
        "train-emotion", help="train the emotion network from a DEAM folder", epilog=LICENCE
    )
    trainer.add_argument("folder", type=Path, help="folder with DEAM's ratings and features")
    trainer.add_argument("--extractor", choices=("librosa", "opensmile"), default="librosa")
    trainer.add_argument(
        "--source",
        choices=("features", "audio"),
        default="",
        help="train from ready features or from the songs; default: features where there are",
    )
    trainer.add_argument("-o", "--output", type=Path, help="file for the weights (.npz)")
    options = parser.parse_args(arguments)
    try:
        if options.command == "serve":
            serve("songreel-audio", serving)
        else:
            settings = AudioSettings()
            output = options.output or settings.emotion_folder / f"{options.extractor}.npz"
            _train_emotion(options.folder, options.extractor, options.source, output)
    except SongreelError as error:
        print(f"songreel-audio: {error.message}", file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:
        known = from_os_error(error)
        message = known.message if known else str(error)
        print(f"songreel-audio: {message}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run() -> None:
    """Entry point of the console script."""
    sys.exit(main())


def _train_emotion(folder: Path, extractor: str, source: str, output: Path) -> None:
    if not folder.is_dir():
        raise InvalidRequest(f"{folder} is no folder; give the one that holds DEAM")
    read = deam.librosa_data if extractor == "librosa" else deam.opensmile_data
    data = read(folder, source, _progress)
    names = data.names or tuple(str(number) for number in range(INPUTS))
    trained = _trained(extractor, names, data)
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside it first: an interrupted write must not leave half a network.
    part = output.with_name(f".{output.name}.part")
    try:
        part.write_bytes(trained.network.to_bytes())
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
    note = output.with_suffix(".md")
    note.write_text(trained.network.note, encoding="utf-8")
    print(f"{trained.score.table()}\nweights: {output}\nnote: {note}\n{LICENCE}", end="")  # noqa: T201


def _trained(extractor: str, names: tuple[str, ...], data: deam.Dataset) -> Trained:
    def note(score: Score) -> str:
        return (
            f"# Emotion network for the extractor {extractor}\n\n"
            f"Trained on {len(data.targets)} rated songs ({data.source}), "
            f"{len(names)} inputs.\n\n```\n{score.table()}\n```\n\n"
            f"**Research only.** {LICENCE}"
        )

    try:
        return train(extractor, names, data.features, data.targets, note=note)
    except ValueError as error:
        raise InvalidRequest(f"the network cannot be trained: {error}") from error


def _progress(done: int, songs: int) -> None:
    if done % 25 == 0:
        print(f"song {done + 1} of {songs}", file=sys.stderr)  # noqa: T201
