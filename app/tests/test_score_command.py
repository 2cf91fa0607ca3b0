"""`songreel score` and `watch`: whole results beside each other, or one line and nothing."""

import json
from pathlib import Path

import pytest
from songreel_app.cli import run
from songreel_testing.score.films import write_film


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_film_gets_its_music_and_everything_beside_it(folder, capsys):
    write_film(folder / "film.mp4", seconds=4.0, cuts=(2.0,))
    arguments = ["score", "film.mp4", "-o", "out.mp4", "--style", "piano", "--key", "D"]
    assert run([*arguments, "--wav", "out.wav", "--stems", "parts", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    beside = {"out.mp4", "out.score.yaml", "out.score.json", "out.mid", "out.score.png", "out.wav"}
    assert names(folder) == {"film.mp4", "parts", *beside}
    assert told["film"] == "out.mp4"
    report = json.loads((folder / "out.score.json").read_text())
    assert (report["key"], report["style"]) == ("D", "piano")
    assert (folder / "parts" / "melody.wav").exists()


def test_an_edited_plan_is_played_and_left_alone(folder):
    write_film(folder / "film.mp4", seconds=3.0)
    assert run(["score", "film.mp4", "-o", "out.mp4", "--key", "C"]) == 0
    plan = folder / "out.score.yaml"
    edited = plan.read_text().replace("key: C", "key: A  # brighter")
    plan.write_text(edited)
    assert run(["score", "film.mp4", "-o", "out.mp4", "--plan", str(plan)]) == 0
    assert plan.read_text() == edited
    assert json.loads((folder / "out.score.json").read_text())["key"] == "A"


def test_watch_writes_the_analysis(folder, capsys):
    write_film(folder / "film.mp4", seconds=4.0, cuts=(1.6,))
    assert run(["watch", "film.mp4", "-o", "v.json"]) == 0
    assert "1 cuts" in capsys.readouterr().out
    assert json.loads((folder / "v.json").read_text())["cuts"] == [1.6]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["score", "nowhere.mp4"], 1, "does not exist"),
        (["score", "text.mp4"], 1, "NOT_VIDEO"),
        (["score", "film.mp4", "-o", "film.mp4"], 1, "the video itself"),
        (["score", "film.mp4", "-o", "out.avi"], 1, ".mp4"),
        (["score", "film.mp4", "--style", "polka"], 1, "UNKNOWN_STYLE"),
        (["score", "film.mp4", "--mood", "glad"], 1, "VALENCE,AROUSAL"),
        (["score", "film.mp4", "--plan", "text.mp4"], 1, "INVALID_SCORE_PLAN"),
        (["score", "film.mp4", "--generator", "mozart"], 1, "UNKNOWN_ENGINE"),
        (["score", "film.mp4", "--soundfont", "no.sf2"], 1, "MODEL_MISSING"),
        (["score", "film.mp4", "--sync", "tight"], 2, "hard, soft, off"),
        (["score", "film.mp4", "--keep-sound", "loud"], 2, "duck, mix, none"),
        (["watch", "text.mp4"], 1, "NOT_VIDEO"),
    ],
)
def test_what_cannot_be_scored_is_one_line_and_no_file(folder, capsys, arguments, code, words):
    write_film(folder / "film.mp4", seconds=1.2)
    (folder / "text.mp4").write_text("no film")
    assert run(arguments) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if "%" not in line]
    assert len(lines) == 1
    assert words in lines[0]
    assert names(folder) == {"film.mp4", "text.mp4"}


def test_moods_come_as_a_pair_or_a_table(folder):
    from songreel_app.soundtracks.mood_curves import read_mood

    (folder / "curve.csv").write_text("time,valence,arousal\n0,-0.5,0.1\n4.5,0.6,0.9\n")
    assert [point[:2] for point in read_mood("curve.csv")] == [(0.0, -0.5), (4.5, 0.6)]
    assert read_mood("-0.3,0.4") == ((0.0, -0.3, 0.4),)
