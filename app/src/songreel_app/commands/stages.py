"""`songreel analyze`, `storyboard` and `render`: one stage on files."""

from pathlib import Path
from typing import Annotated

import typer

from songreel_app.commands import options
from songreel_app.commands.option_groups import (
    CommonOptions,
    RenderOptions,
    StoryOptions,
    with_groups,
)
from songreel_app.files.lyrics import lyrics_beside

Analysis = Annotated[
    Path, typer.Argument(metavar="A.json", help="A song's analysis, from `songreel analyze`.")
]
AnalysisOutput = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="A.json",
        help="Where to write the analysis; by default SONG.analysis.json in this folder.",
    ),
]
Plot = Annotated[
    Path | None, typer.Option("--plot", metavar="P.png", help="Also plot the analysis.")
]
Extractor = Annotated[
    str,
    typer.Option(
        "--extractor", metavar="NAME", help="Emotion extractor: librosa, opensmile or rules."
    ),
]
Bpm = Annotated[
    float,
    typer.Option(
        "--bpm",
        metavar="N",
        help="Tempo in beats per minute, if known; 0 estimates it.",
        min=0,
        max=300,
    ),
]
Octave = Annotated[
    str,
    typer.Option("--octave", metavar="half|double", help="Halve or double the estimated tempo."),
]
Language = Annotated[
    str,
    typer.Option("--language", metavar="CODE", help="Language of the lyrics, such as en or pt-BR."),
]
Asr = Annotated[
    str,
    typer.Option(
        "--asr", metavar="MODEL", help="Speech model that recognises the lyrics, or none."
    ),
]
StoryboardOutput = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="S.yaml",
        help="Where to write the storyboard; by default A.storyboard.yaml in this folder.",
    ),
]
GivenAnalysis = Annotated[
    Path,
    typer.Option(
        "--analysis", metavar="A.json", help="The song's analysis, from `songreel analyze`."
    ),
]
GivenStoryboard = Annotated[
    Path,
    typer.Option(
        "--storyboard",
        metavar="S.yaml",
        help="The storyboard, from `songreel storyboard`; edited or not.",
    ),
]


@with_groups
def analyze(
    song: options.Song,
    output: AnalysisOutput = None,
    plot: Plot = None,
    lyrics: options.Lyrics = None,
    extractor: Extractor = "",
    asr: Asr = "",
    language: Language = "",
    bpm: Bpm = 0.0,
    octave: Octave = "",
    start: options.Start = 0.0,
    seconds: options.Seconds = 0.0,
    *,
    common: CommonOptions,
) -> int:
    """Analyse a song: beats, sections, lyrics, emotion."""
    from songreel.audio.v1.audio_service_pb2 import AnalyzeOptions

    from songreel_app.jobs.signals import run_command
    from songreel_app.jobs.stage_jobs import AnalysisRequest, analyze_song

    request = AnalysisRequest(
        song=song,
        lyrics=lyrics or lyrics_beside(song),
        output=output or Path(f"{song.stem}.analysis.json"),
        plot=plot,
        options=AnalyzeOptions(
            start=start,
            seconds=seconds,
            extractor=extractor,
            asr=asr,
            language=language,
            tempo_octave=octave,
            tempo_bpm=bpm,
            plot=plot is not None,
        ),
        target=common.target(),
        as_json=common.as_json,
    )
    return run_command(lambda interrupts: analyze_song(request, interrupts))


@with_groups
def storyboard(
    analysis: Analysis,
    output: StoryboardOutput = None,
    *,
    story: StoryOptions,
    from_: options.RewrittenStoryboard = None,
    checkpoint: options.Checkpoint = "",
    seed: options.Seed = 0,
    common: CommonOptions,
) -> int:
    """Write an editable storyboard of an analysed song.

    With --from, scenes that are locked in that storyboard are kept and the others rewritten.
    """
    from songreel_app.jobs.signals import run_command
    from songreel_app.jobs.stage_jobs import StoryboardRequest, write_storyboard

    stem = analysis.name.removesuffix(".json").removesuffix(".analysis")
    request = StoryboardRequest(
        analysis=analysis,
        output=output or Path(f"{stem}.storyboard.yaml"),
        rewritten=from_,
        checkpoint=checkpoint,
        options=story.message(seed),
        target=common.target(),
        as_json=common.as_json,
    )
    return run_command(lambda interrupts: write_storyboard(request, interrupts))


@with_groups
def render(
    song: options.Song,
    analysis: GivenAnalysis,
    storyboard: GivenStoryboard,
    output: options.Video = None,
    checkpoint: options.Checkpoint = "",
    *,
    drawing: RenderOptions,
    backend: options.Backend = "",
    common: CommonOptions,
) -> int:
    """Render a storyboard as a video with the song's sound."""
    target = common.target(backend)
    from songreel.v1.video_pb2 import Video

    from songreel_app.jobs.signals import run_command
    from songreel_app.jobs.video_job import MakeOptions, make_video

    video = drawing.output(output, song)
    asked = MakeOptions(
        song=song,
        lyrics=None,
        analysis=analysis,
        storyboard=storyboard,
        output=video,
        checkpoint=checkpoint,
        video=Video(render_settings=drawing.settings(video)),
        target=target,
        as_json=common.as_json,
    )
    return run_command(lambda interrupts: make_video(asked, interrupts))
