"""`songreel score` and `songreel watch`: a video's own soundtrack."""

from pathlib import Path
from typing import Annotated

import typer

from songreel_app.commands import options

SYNCS = ("hard", "soft", "off")
KEPT = ("duck", "mix", "none")


def _check_sync(value: str) -> str:
    if value not in SYNCS:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(SYNCS)}")
    return value


def _check_kept(value: str) -> str:
    if value == "off":
        return "none"
    if value not in KEPT:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(KEPT)}")
    return value


Film = Annotated[Path, typer.Argument(metavar="VIDEO", help="A video file, with or without sound.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT.mp4",
        help="The film with its music (.mp4, .mov, .m4v, .mkv, .webm); by default VIDEO.score with "
        "the video's extension in this folder. Plan, report, MIDI and timeline go beside it.",
    ),
]
Style = Annotated[
    str,
    typer.Option(
        "--style",
        metavar="STYLE",
        help="cinematic (the default), ambient, pop, piano, electronic, lo-fi, orchestral or "
        "tension.",
    ),
]
Key = Annotated[
    str, typer.Option("--key", metavar="NOTE", help="The tonic, such as D or Bb; else by the seed.")
]
Sync = Annotated[
    str,
    typer.Option(
        "--sync",
        metavar="hard|soft|off",
        help="hard: kept cuts start bars and the tempo follows; soft: one tempo that meets many "
        "cuts; off: one tempo, no hits.",
        callback=_check_sync,
    ),
]
Mood = Annotated[
    str,
    typer.Option(
        "--mood",
        metavar="V,A|CURVE.csv",
        help="Valence and arousal, -1 to 1, for the whole film, or a CSV of time, valence, "
        "arousal.",
    ),
]
Plan = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="PLAN.yaml",
        help="An edited plan, as one lies beside each film; the options of planning are ignored.",
    ),
]
KeepSound = Annotated[
    str,
    typer.Option(
        "--keep-sound",
        metavar="duck|mix|none",
        help="The video's own sound: with the music 8 dB lower under speech, with it as it is, "
        "or left out.",
        callback=_check_kept,
    ),
]
Hits = Annotated[
    list[float] | None,
    typer.Option("--hit", metavar="S", help="A moment to mark, in seconds; repeat for several."),
]
Tempo = Annotated[
    float, typer.Option("--bpm", metavar="BPM", help="The tempo wished for; else by the mood.")
]
Generator = Annotated[
    str, typer.Option("--generator", metavar="NAME", help="What composes: arranger (the default).")
]
Font = Annotated[
    Path | None,
    typer.Option(
        "--soundfont",
        metavar="FILE.sf2",
        help="What plays; else SONGREEL_SCORE_SOUNDFONT, Debian's soundfonts, the packaged one.",
        envvar="SONGREEL_SCORE_SOUNDFONT",
    ),
]
Midi = Annotated[
    Path | None,
    typer.Option("--midi", metavar="OUT.mid", help="The MIDI file; by default beside the film."),
]
Stems = Annotated[
    Path | None,
    typer.Option("--stems", metavar="DIR", help="Also a WAV of each part of the music, in DIR."),
]
Wav = Annotated[
    Path | None, typer.Option("--wav", metavar="OUT.wav", help="Also the mastered sound as WAV.")
]
Timeline = Annotated[
    Path | None,
    typer.Option(
        "--timeline",
        metavar="OUT.png",
        help="The picture of film and music; by default beside the film.",
    ),
]
Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST:PORT",
        help="Make it on this server, as a job; by default in this process.",
    ),
]
WatchOutput = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="V.json",
        help="Where to write the analysis; by default VIDEO.watch.json in this folder.",
    ),
]


def score(
    video: Film,
    output: Output = None,
    style: Style = "",
    key: Key = "",
    bpm: Tempo = 0.0,
    mood: Mood = "",
    sync: Sync = "hard",
    hit: Hits = None,
    keep_sound: KeepSound = "duck",
    generator: Generator = "",
    seed: options.Seed = 0,
    plan: Plan = None,
    soundfont: Font = None,
    midi: Midi = None,
    stems: Stems = None,
    wav: Wav = None,
    timeline: Timeline = None,
    server: Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Give a video a soundtrack of its own, exactly as long, with its cuts on the bars.

    The plan beside the film can be edited and given back with --plan.
    """
    from songreel_app.jobs.signals import run_command
    from songreel_app.soundtracks.files import score_files
    from songreel_app.soundtracks.mood_curves import read_mood

    keyframes = read_mood(mood) if mood else ()
    film = output or Path(f"{video.stem}.score{video.suffix}")
    files = score_files(film, midi, timeline, wav, stems)
    if server is not None:
        from songreel.score.v1.score_service_pb2 import MoodPoint, ScoreOptions

        from songreel_app.server.target import ServerTarget
        from songreel_app.soundtracks.remote import RemoteScore, score_elsewhere

        if soundfont is not None:
            raise typer.BadParameter("--soundfont is a file of this machine; leave out --server")
        wanted = ScoreOptions(
            style=style,
            key=key,
            sync=sync,
            seed=seed,
            bpm=bpm,
            mood=[MoodPoint(time=t, valence=v, arousal=a) for t, v, a in keyframes],
            hits=hit or (),
            keep_sound=keep_sound,
            engine=generator,
        )
        target = ServerTarget(options.data_folder(data), server)
        asked = RemoteScore(video, files, wanted, plan, target, as_json)
        return run_command(lambda interrupts: score_elsewhere(asked, interrupts))

    from songreel_app.server.missing import require_score

    require_score()
    from songreel_score.plan import score_plan
    from songreel_score.plan.planner import PlanRequest
    from songreel_score.settings import ScoreSettings
    from songreel_score.soundtrack import ScoreRequest

    from songreel_app.soundtracks.score import ScoreCommand, score_video

    planning = PlanRequest(
        style=style,
        key=key,
        sync=sync,
        seed=seed,
        mood=tuple(score_plan.MoodPoint(*each, score_plan.PERSON) for each in keyframes),
        hits=tuple(hit or ()),
        bpm=bpm,
    )
    settings = ScoreSettings(data=options.data_folder(data))
    command = ScoreCommand(
        video=video,
        files=files,
        request=ScoreRequest(
            planning, None, generator, keep_sound, soundfont, settings.signing_identity()
        ),
        edited_plan=plan,
        as_json=as_json,
    )
    return run_command(lambda _: score_video(command))


def watch(video: Film, output: WatchOutput = None, as_json: options.Json = False) -> int:
    """Analyse a video: cuts, motion, mood, speech."""
    from songreel_app.server.missing import require_score

    require_score()
    from songreel_app.jobs.signals import run_command
    from songreel_app.soundtracks.score import watch_video

    goal = output or Path(f"{video.stem}.watch.json")
    return run_command(lambda _: watch_video(video, goal, as_json=as_json))
