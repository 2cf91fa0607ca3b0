"""`songreel make`: the whole way from a song to a music video."""

from pathlib import Path

from songreel_app.commands import options


def make(
    song: options.Song,
    output: options.Video = None,
    lyrics: options.Lyrics = None,
    style: options.Style = "",
    checkpoint: options.Checkpoint = "",
    storyteller: options.Storyteller = "",
    fps: options.Fps = "12",
    size: options.Size = 256,
    steps: options.Steps = 0,
    seed: options.Seed = 0,
    start: options.Start = 0.0,
    seconds: options.Seconds = 0.0,
    schedule: options.Schedule = "",
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Make a music video of a song.

    Beside the video come its analysis, its storyboard to edit, and a picture of each.
    The same command given again after a crash takes up the unfinished job.
    """
    from songreel.audio.v1.audio_service_pb2 import AnalyzeOptions
    from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
    from songreel.render.v1.render_plan_pb2 import RenderSettings
    from songreel.v1.video_pb2 import Video

    from songreel_app.making import Wishes, make_video
    from songreel_app.runner import run_command

    wishes = Wishes(
        song=song,
        lyrics=lyrics or options.lyrics_beside(song),
        analysis=None,
        storyboard=None,
        output=output or Path(f"{song.stem}.mp4"),
        checkpoint=checkpoint,
        video=Video(
            analyze_options=AnalyzeOptions(start=start, seconds=seconds),
            storyboard_options=StoryboardOptions(style=style, storyteller=storyteller, seed=seed),
            render_settings=RenderSettings(
                fps=fps, size=size, steps=steps, seed=seed, schedule=schedule
            ),
        ),
        server=server,
        as_json=as_json,
    )
    return run_command(lambda interrupts: make_video(wishes, interrupts))
