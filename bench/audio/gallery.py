"""Draws the songs of the data folder into `docs/audio`: `python -m bench.audio.gallery`.

Pictures and a table only: neither sound nor words of the songs leave the data folder.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel_audio import analysis_plot
from songreel_audio.analysis import AnalysisRequest, analyze

from bench import data

TARGET = data.ROOT / "docs" / "audio"
SONGS = (
    "music/lets-go-fishin.ogg",
    "music/vibe-ace.ogg",
    "music/hungarian-dance-5.ogg",
    "sung/Fantasma_-_Los_Rombos.mp3",
    "sung/Guayeteo_-_JhoyKing.mp3",
    "sung/Mes_Larmes_-_kobzx2z.mp3",
)
WIDTH = 1200
COLOURS = 96


def main() -> None:
    """Draws each song that is there and prints a Markdown table."""
    TARGET.mkdir(parents=True, exist_ok=True)
    print("| song | length | tempo (confidence) | metre | sections | voice | mood |")
    print("|---|---|---|---|---|---|---|")
    for name in SONGS:
        song = data.folder() / name
        if not song.is_file():
            print(f"| {song.stem} | absent | | | | | |")
            continue
        analysis = analyze(song, AnalysisRequest(file_name=song.name))
        _draw(analysis, TARGET / f"{song.stem.split('_-_')[0].lower().replace('_', '-')}.png")
        print(f"| {song.stem.replace('_', ' ')} | {_facts(analysis)} |", flush=True)


def _draw(analysis: SongAnalysis, path: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        large = Path(scratch) / "plot.png"
        analysis_plot.draw(analysis, large)
        with Image.open(large) as image:
            size = (WIDTH, round(image.height * WIDTH / image.width))
            small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    small.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _facts(analysis: SongAnalysis) -> str:
    mood, curve = analysis.emotion, analysis.tempo_curve
    tempo = f"{analysis.tempo_bpm:.1f} ({analysis.tempo_confidence:.2f})"
    if len(curve) > 1:
        tempo += f", {min(p.bpm for p in curve):.0f} to {max(p.bpm for p in curve):.0f}"
    share = sum(span.end - span.start for span in analysis.vocals) / analysis.duration
    return " | ".join(
        (
            f"{analysis.duration:.0f} s",
            tempo,
            f"{analysis.metre}/4" if analysis.metre else "none",
            " ".join(section.label for section in analysis.sections),
            f"{share:.0%} (confidence {analysis.vocal_confidence:.2f})",
            f"{mood.quadrant}: valence {mood.valence:+.2f}, arousal {mood.arousal:+.2f}",
        )
    )


if __name__ == "__main__":
    main()
