"""`songreel make`: the whole way from a song to a music video."""

from songreel_app.commands import options
from songreel_app.commands.rendering import Drawing, default_output


def make(
    song: options.Song,
    output: options.Video = None,
    lyrics: options.Lyrics = None,
    style: options.Style = "",
    checkpoint: options.Checkpoint = "",
    storyteller: options.Storyteller = "",
    protagonist: options.Protagonist = "",
    protagonist_share: options.ProtagonistShare = 0.0,
    identity: options.Identity = "",
    noun: options.IdentityNoun = "",
    identity_weight: options.IdentityWeight = None,
    storyboard: options.EditedStoryboard = None,
    from_: options.RewrittenStoryboard = None,
    fps: options.Fps = "12",
    size: options.Size = 256,
    steps: options.Steps = 0,
    seed: options.Seed = 0,
    start: options.Start = 0.0,
    seconds: options.Seconds = 0.0,
    schedule: options.Schedule = "",
    scheduler: options.Scheduler = "",
    guidance: options.Guidance = 0.0,
    cadence: options.Cadence = None,
    in_betweens: options.InBetweens = "",
    colour_match: options.ColourMatch = None,
    lora: options.Loras = None,
    mark: options.Mark = "",
    preview: options.Preview = False,
    render: options.Backend = "",
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Make a music video of a song.

    Beside the video come its analysis, its storyboard to edit, and a picture of each.
    The same command given again after a crash takes up the unfinished job.
    """
    options.check_backend_option(render, server)
    options.check_storyboard_options(
        storyboard,
        style=style,
        storyteller=storyteller,
        protagonist_share=protagonist_share,
        from_=from_,
    )
    from songreel.audio.v1.audio_service_pb2 import AnalyzeOptions
    from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
    from songreel.v1.video_pb2 import Video, VideoIdentity

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
    person = None
    if identity:
        person = VideoIdentity(name=identity, noun=noun, weight=identity_weight)
    wishes = Wishes(
        song=song,
        lyrics=lyrics or options.lyrics_beside(song),
        analysis=None,
        storyboard=storyboard,
        rewritten=from_,
        output=goal,
        checkpoint=checkpoint,
        video=Video(
            analyze_options=AnalyzeOptions(start=start, seconds=seconds),
            storyboard_options=StoryboardOptions(
                style=style,
                storyteller=storyteller,
                seed=seed,
                protagonist_share=protagonist_share,
                protagonist_name=protagonist,
            ),
            render_settings=drawing.settings(goal),
            identity=person,
        ),
        server=server,
        as_json=as_json,
    )
    return run_command(lambda interrupts: make_video(wishes, interrupts))
