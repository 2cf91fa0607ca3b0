"""`songreel make`: from a song to a music video."""

from songreel_app.commands import options
from songreel_app.commands.option_groups import (
    CommonOptions,
    RenderOptions,
    StoryOptions,
    with_groups,
)
from songreel_app.files.lyrics import lyrics_beside


@with_groups
def make(
    song: options.Song,
    output: options.Video = None,
    lyrics: options.Lyrics = None,
    *,
    story: StoryOptions,
    identity: options.Identity = "",
    noun: options.IdentityNoun = "",
    identity_weight: options.IdentityWeight = None,
    storyboard: options.EditedStoryboard = None,
    from_: options.RewrittenStoryboard = None,
    start: options.Start = 0.0,
    seconds: options.Seconds = 0.0,
    checkpoint: options.Checkpoint = "",
    drawing: RenderOptions,
    render: options.Backend = "",
    common: CommonOptions,
) -> int:
    """Make a music video of a song.

    The analysis, an editable storyboard and a picture of each are written beside the video.
    Run the same command again after a crash to continue the unfinished job.
    """
    target = common.target(render)
    story.check_with(storyboard, from_)
    from songreel.audio.v1.audio_service_pb2 import AnalyzeOptions
    from songreel.v1.video_pb2 import Video, VideoIdentity

    from songreel_app.jobs.signals import run_command
    from songreel_app.jobs.video_job import MakeOptions, make_video

    video = drawing.output(output, song)
    person = VideoIdentity(name=identity, noun=noun, weight=identity_weight) if identity else None
    asked = MakeOptions(
        song=song,
        lyrics=lyrics or lyrics_beside(song),
        analysis=None,
        storyboard=storyboard,
        rewritten=from_,
        output=video,
        checkpoint=checkpoint,
        video=Video(
            analyze_options=AnalyzeOptions(start=start, seconds=seconds),
            storyboard_options=story.message(drawing.seed),
            render_settings=drawing.settings(video),
            identity=person,
        ),
        target=target,
        as_json=common.as_json,
    )
    return run_command(lambda interrupts: make_video(asked, interrupts))
