"""Content credentials of films: who made the music, and what the video said before."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import pytest
from songreel_kit.credentials.certificates import development_authority, development_identity
from songreel_kit.credentials.content_credentials import read_credentials, sign
from songreel_score.plan.planner import PlanRequest
from songreel_score.soundtrack import ScoreOutputs, ScoreRequest, Soundtrack, score
from songreel_testing.score.films import write_film

ANN = {"consent_ids": ["the consent of ann"], "style": "cartoon"}


@pytest.fixture
def signer(tmp_path: Path):
    return development_identity(tmp_path / "credentials", "SONGREEL_SCORE_")


@pytest.fixture
def anchors(signer, tmp_path: Path) -> str:
    return development_authority(tmp_path / "credentials")


def scored(video: Path, film: Path, signer) -> Soundtrack:
    request = ScoreRequest(PlanRequest(style="piano"), signer=signer)
    return score(video, ScoreOutputs(film), request)


def packets(film: Path) -> list[bytes]:
    with av.open(str(film)) as opened:
        return [bytes(packet) for packet in opened.demux() if packet.size]


def test_a_film_keeps_what_its_video_said_of_itself(tmp_path: Path, signer, anchors: str) -> None:
    write_film(tmp_path / "plain.mp4", seconds=2.0)
    said = {"assertions": [{"label": "org.songreel.render", "data": ANN}]}
    created = {"action": "c2pa.created", "digitalSourceType": "http://c2pa.org/empty"}
    said["assertions"].append({"label": "c2pa.actions.v2", "data": {"actions": [created]}})
    video = tmp_path / "video.mp4"
    sign(tmp_path / "plain.mp4", video, said, signer)
    scored(video, tmp_path / "film.mp4", signer)
    found = read_credentials(tmp_path / "film.mp4", anchors)
    assert (found.state, found.problems) == ("trusted", [])
    assert found.made_by.startswith("songreel ")
    assert found.facts["consent_ids"] == ANN["consent_ids"]
    assert found.facts["style"] == "piano"
    assert found.facts["video_sha256"] == hashlib.sha256(video.read_bytes()).hexdigest()
    # Signing changes neither pictures nor sound, and without a signer there is nothing.
    scored(video, tmp_path / "unsigned.mp4", None)
    assert packets(tmp_path / "film.mp4") == packets(tmp_path / "unsigned.mp4")
    assert read_credentials(tmp_path / "unsigned.mp4", anchors).state == "none"


def test_a_changed_film_is_found_out(tmp_path: Path, signer, anchors: str) -> None:
    write_film(tmp_path / "video.mp4", seconds=1.0)
    scored(tmp_path / "video.mp4", tmp_path / "film.mov", signer)
    film = bytearray((tmp_path / "film.mov").read_bytes())
    assert read_credentials(tmp_path / "film.mov", anchors).state == "trusted"
    film[len(film) // 2] ^= 0xFF
    (tmp_path / "film.mov").write_bytes(film)
    assert read_credentials(tmp_path / "film.mov", anchors).state == "invalid"


def test_a_film_that_can_hold_none_says_so(tmp_path: Path, signer) -> None:
    write_film(tmp_path / "video.mp4", seconds=1.0)
    made = scored(tmp_path / "video.mp4", tmp_path / "film.mkv", signer)
    assert [warning for warning in made.plan.warnings if "content credentials" in warning]
    made = scored(tmp_path / "video.mp4", tmp_path / "film.mkv", None)
    assert not [warning for warning in made.plan.warnings if "content credentials" in warning]


def test_a_video_that_can_hold_none_gets_music_and_credentials(
    tmp_path: Path, signer, anchors: str
) -> None:
    write_film(tmp_path / "video.mp4", seconds=2.0)
    scored(tmp_path / "video.mp4", tmp_path / "video.mkv", signer)
    scored(tmp_path / "video.mkv", tmp_path / "film.mp4", signer)
    assert read_credentials(tmp_path / "film.mp4", anchors).state == "trusted"
