"""`songreel analyze`, `storyboard` and `render`: one stage on files."""

from pathlib import Path
from typing import Annotated

import typer

from songreel_app.commands import options
from songreel_app.commands.rendering import Drawing, default_output

Analysis = Annotated[Path, typer.Argument(metavar="A.json", help="A song analysis.")]
AnalysisOutput = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="A.json",
        help="The analysis; by default the song's name with .analysis.json in this folder.",
    ),
]
Plot = Annotated[
    Path | None, typer.Option("--plot", metavar="P.png", help="Draw the analysis as well.")
]
StoryboardOutput = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="S.yaml",
        help="The storyboard; by default the analysis' name with .storyboard.yaml in this folder.",
    ),
]
GivenAnalysis = Annotated[
    Path, typer.Option("--analysis", metavar="A.json", help="What `songreel analyze` wrote.")
]
GivenStoryboard = Annotated[
    Path, typer.Option("--storyboard", metavar="S.yaml", help="The storyboard, edited or not.")
]


def analyze(
    song: options.Song,
    output: AnalysisOutput = None,
    plot: Plot = None,
    lyrics: options.Lyrics = None,
    extractor: options.Extractor = "",
    asr: options.Asr = "",
    language: options.Language = "",
    bpm: options.Bpm = 0.0,
    octave: options.Octave = "",
    start: options.Start = 0.0,
    seconds: options.Seconds = 0.0,
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Analyse a song: beats, sections, lyrics, emotion."""
    from songreel.audio.v1.audio_service_pb2 import AnalyzeOptions

    from songreel_app.runner import run_command
    from songreel_app.staging import AnalysisWishes, analyze_song

    wishes = AnalysisWishes(
        song=song,
        lyrics=lyrics or options.lyrics_beside(song),
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
        server=server,
        as_json=as_json,
    )
    return run_command(lambda interrupts: analyze_song(wishes, interrupts))


def storyboard(
    analysis: Analysis,
    output: StoryboardOutput = None,
    style: options.Style = "",
    storyteller: options.Storyteller = "",
    protagonist: options.Protagonist = "",
    protagonist_share: options.ProtagonistShare = 0.0,
    from_: options.RewrittenStoryboard = None,
    checkpoint: options.Checkpoint = "",
    seed: options.Seed = 0,
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Write the storyboard of an analysed song, to be edited by hand.

    With --from the storyboard is written anew around the scenes that a person locked.
    """
    from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions

    from songreel_app.runner import run_command
    from songreel_app.staging import StoryboardWishes, write_storyboard

    stem = analysis.name.removesuffix(".json").removesuffix(".analysis")
    wishes = StoryboardWishes(
        analysis=analysis,
        output=output or Path(f"{stem}.storyboard.yaml"),
        rewritten=from_,
        checkpoint=checkpoint,
        options=StoryboardOptions(
            style=style,
            storyteller=storyteller,
            seed=seed,
            protagonist_share=protagonist_share,
            protagonist_name=protagonist,
        ),
        server=server,
        as_json=as_json,
    )
    return run_command(lambda interrupts: write_storyboard(wishes, interrupts))


def render(
    song: options.Song,
    analysis: GivenAnalysis,
    storyboard: GivenStoryboard,
    output: options.Video = None,
    checkpoint: options.Checkpoint = "",
    fps: options.Fps = "12",
    size: options.Size = 256,
    steps: options.Steps = 0,
    seed: options.Seed = 0,
    schedule: options.Schedule = "",
    scheduler: options.Scheduler = "",
    guidance: options.Guidance = 0.0,
    cadence: options.Cadence = None,
    in_betweens: options.InBetweens = "",
    colour_match: options.ColourMatch = None,
    lora: options.Loras = None,
    mark: options.Mark = "",
    preview: options.Preview = False,
    backend: options.Backend = "",
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Draw a storyboard to the music."""
    options.check_backend_option(backend, server)
    from songreel.v1.video_pb2 import Video

    from songreel_app.making import Wishes, make_video
    from songreel_app.runner import run_command

    drawing = Drawing(
        fps=fps,
        size=size,
        steps=steps,
        seed=seed,
        schedule=schedule,
        scheduler=scheduler,
        guidance=guidance,
        cadence=cadence,
        in_betweens=in_betweens,
        colour_match=colour_match,
        loras=lora or [],
        mark=mark,
        preview=preview,
    )
    goal = output or default_output(song, preview=preview)
    wishes = Wishes(
        song=song,
        lyrics=None,
        analysis=analysis,
        storyboard=storyboard,
        output=goal,
        checkpoint=checkpoint,
        video=Video(render_settings=drawing.settings(goal)),
        server=server,
        as_json=as_json,
    )
    return run_command(lambda interrupts: make_video(wishes, interrupts))
