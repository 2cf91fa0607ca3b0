"""The commands for people, with TLS and a key, against a remote server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import av
import numpy as np
import pytest
import sqlalchemy as sa
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
from songreel.render.v1.render_plan_pb2 import RenderSettings as Asked
from songreel.v1.identity_service_pb2 import EraseIdentityRequest
from songreel.v1.identity_service_pb2_grpc import (
    IdentityServiceStub as PublicIdentityServiceStub,
)
from songreel.v1.video_pb2 import Video, VideoIdentity
from songreel.v1.video_service_pb2 import CreateVideoRequest
from songreel_app.identities.enrollment import enroll_person
from songreel_app.identities.likeness import LikenessRequest, evaluate_identity
from songreel_app.jobs.signals import Interrupts
from songreel_app.jobs.video_job import MakeOptions, make_video
from songreel_app.server.remote import remote_client
from songreel_app.server.target import ServerTarget
from songreel_identity.vault.records import ADAPTER, Binding
from songreel_identity.vault.tables import audit
from songreel_identity.vault.vault import Vault
from songreel_kit import errors
from songreel_kit.channel.channel import open_channel
from songreel_kit.settings import data_folder
from songreel_prompt.storyboard.documents import format_storyboard
from songreel_testing.gateway.checked_gateway import Authority
from songreel_testing.identity.enrolled import enroll, made_up_stills
from songreel_testing.identity.remote_server import ANN, RemoteServer, remote_server
from songreel_testing.render.click_track import write_song
from songreel_testing.render.storyboards import scene, storyboard_of
from songreel_testing.serving import expect_error, wait_until


@pytest.fixture
def partner(tmp_path, monkeypatch):
    """Sets what the command is told by its environment."""
    monkeypatch.setenv("SONGREEL_DATA", str(tmp_path / "own"))
    monkeypatch.setattr("songreel_testing.render.tiny_checkpoint.TOKENS", 77)  # every letter is one

    def be(remote: RemoteServer, project: str) -> None:
        monkeypatch.setenv("SONGREEL_API_KEY", remote.keys[project])
        monkeypatch.setenv("SONGREEL_AUTHORITY", str(remote.authority))

    return be


def target(remote: RemoteServer) -> ServerTarget:
    return ServerTarget(data_folder(), remote.address)


def likeness_request(remote: RemoteServer, folder: Path) -> LikenessRequest:
    """Whether ann is in a video of four frames, of which the last two should show her."""
    video, board = folder / "noise.mp4", folder / "noise.storyboard.yaml"
    with av.open(str(video), "w") as container:
        stream = container.add_stream("libx264", rate=2)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for seed in range(4):
            noise = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise)))
        container.mux(stream.encode())
    shown = scene(0.0, 1.0), scene(1.0, 2.0, protagonist=True)
    board.write_text(format_storyboard(storyboard_of(*shown)))
    return LikenessRequest(
        video=video,
        identity="ann",
        storyboard=None,
        impostors=(),
        every=1,
        target=target(remote),
        as_json=True,
    )


async def test_a_video_is_measured_by_whom_it_is_of(tmp_path, partner, monkeypatch, capsys):
    async with remote_server(tmp_path) as remote:
        asked = likeness_request(remote, tmp_path)
        partner(remote, "mine")
        await evaluate_identity(asked)
        facts = json.loads(capsys.readouterr().out)
        assert (facts["frames"], facts["faces"], facts["matches"]) == (2, 0, 0)

        partner(remote, "theirs")
        with pytest.raises(errors.IdentityNotFound):  # there is no ann in their project
            await evaluate_identity(asked)
        foreign = LikenessRequest(**{**vars(asked), "identity": ANN})
        with pytest.raises(errors.IdentityNotFound):
            await evaluate_identity(foreign)

        monkeypatch.delenv("SONGREEL_API_KEY")
        with pytest.raises(errors.Unauthenticated):
            await evaluate_identity(asked)
        monkeypatch.setenv("SONGREEL_AUTHORITY", str(Authority(tmp_path, "another").path))
        with pytest.raises(errors.ServiceUnavailable):  # another's certificate is no server's
            await evaluate_identity(asked)


async def test_the_page_is_this_machines_and_the_vault_the_servers(tmp_path, partner, capsys):
    ben = "projects/mine/identities/ben"
    async with remote_server(tmp_path) as remote, aiohttp.ClientSession() as browser:
        partner(remote, "mine")
        enrolling = asyncio.create_task(
            enroll_person("ben", target(remote), browser=False, as_json=True)
        )
        told: list[str] = []

        def page_is_told() -> bool:
            told.append(capsys.readouterr().out)
            return bool(told[-1]) or enrolling.done()

        await wait_until(page_is_told, seconds=60)
        page = json.loads(told[-1])["page"]
        parts = urlsplit(page)
        root = f"{parts.scheme}://{parts.netloc}"
        project = parse_qs(parts.query)["project"][0]
        async with browser.get(page) as answer:
            assert b"/enroll/enroll.js" in (await answer.read())

        person = f"{root}/v1/projects/{project}/identities/ben"
        async with browser.get(f"{root}/v1/projects/{project}/consentText") as answer:
            assert answer.status == 401  # whoever comes without the page's token
        token = parts.fragment.removeprefix("token=")
        pass_on = {"Authorization": f"Bearer {token}"}
        async with browser.get(
            f"{root}/v1/projects/{project}/consentText", headers=pass_on
        ) as answer:
            text = await answer.json()
        agreed = {"version": text["version"], "textSha256": text["sha256"]}
        async with browser.post(f"{person}:recordConsent", json=agreed, headers=pass_on) as answer:
            assert answer.status == 200
        assert remote.vault.valid_consent(ben)
        enroll(remote.vault, ben, made_up_stills(1))
        await enrolling
        assert json.loads(capsys.readouterr().out) == {"identity": ben, "pictures": 7}


async def test_asking_for_another_projects_person_is_on_record(tmp_path, partner):
    async with remote_server(tmp_path) as remote:
        partner(remote, "theirs")
        async with remote_client(remote.address, "local") as client:
            with pytest.raises(errors.IdentityNotFound):
                await client.get_identity(ANN)
            nobody = f"{ANN}-who-is-not-there"
            with pytest.raises(errors.IdentityNotFound):
                await client.create_video(
                    CreateVideoRequest(video=Video(identity=VideoIdentity(name=nobody)))
                )
        await wait_until(lambda: len(refusals(remote.vault)) == 2)
        assert sorted(subject for subject, _ in refusals(remote.vault)) == sorted(
            ["", remote.vault.valid_consent(ANN).subject]
        )
        for _, detail in refusals(remote.vault):
            assert detail["reason"] == "IDENTITY_NOT_FOUND"
            assert "theirs" not in str(detail)  # only hashes


def refusals(vault: Vault) -> list[tuple[str, dict[str, str]]]:
    """Subject and details of what the log has of what other projects asked for."""
    return vault.database.run(
        lambda connection: [
            (row.subject, json.loads(row.detail))
            for row in connection.execute(sa.select(audit).order_by(audit.c.sequence))
            if row.event == "refuse-project"
        ]
    )


async def test_an_erasure_says_how_many_renders_it_stopped(tmp_path, partner):
    async with remote_server(tmp_path) as remote, open_channel(remote.inside) as inside:
        renderer = IdentityServiceStub(inside)
        adapter = seal_adapter(remote.vault, ANN)
        uses = [await redeemed(renderer, adapter, job) for job in ("ab" * 32, "cd" * 32)]
        watches = [renderer.WatchUse(pb.WatchUseRequest(use_id=use)) for use in uses]
        for watch in watches:
            await watch.read()

        async def let_go() -> None:
            with expect_error(errors.ConsentWithdrawn):
                await watches[0].read()
            await renderer.EndUse(pb.EndUseRequest(use_id=uses[0]))

        letting_go = asyncio.create_task(let_go())  # the other renderer never answers
        partner(remote, "mine")
        async with remote_client(remote.address, "local") as client:
            erased = await PublicIdentityServiceStub(client.channel).EraseIdentity(
                EraseIdentityRequest(name=ANN, request_id="erase-ann")
            )
        await letting_go
        assert (erased.uses_cleared, erased.uses_silent) == (1, 1)
        assert erased.objects == 15
        for watch in watches:
            watch.cancel()


def seal_adapter(vault: Vault, name: str) -> str:
    """Bytes in an adapter's place; nobody opens them here."""
    consent, binding = vault.valid_consent(name), Binding("12" * 32, "34" * 32, "56" * 32)
    stored = vault.database.run(
        lambda connection: vault.seal(connection, consent, ADAPTER, b"an adapter", binding)
    )
    return stored.sha256


async def redeemed(renderer, adapter: str, job: str) -> str:
    """A use under way."""
    which = {"adapter_sha256": adapter, "job_sha256": job}
    granted = await renderer.GrantUse(pb.GrantUseRequest(identity=ANN, **which))
    taken = await renderer.RedeemGrant(pb.RedeemGrantRequest(grant=granted.grant, **which))
    return taken.use_id


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_a_person_is_put_into_a_video_made_elsewhere(tmp_path, partner, capsys):
    output = tmp_path / "v.mp4"
    async with remote_server(tmp_path) as remote:
        options = MakeOptions(
            song=write_song(tmp_path / "song.mp3", 4.0),
            lyrics=None,
            analysis=None,
            storyboard=None,
            output=output,
            checkpoint="",
            video=Video(
                storyboard_options=StoryboardOptions(protagonist_share=1.0),
                render_settings=Asked(size=64, fps="6"),
                identity=VideoIdentity(name="ann", noun="man"),
            ),
            target=target(remote),
            as_json=True,
        )
        partner(remote, "theirs")
        with pytest.raises(errors.SongreelError, match="record a consent"):
            await make_video(options, Interrupts())
        partner(remote, "mine")
        await make_video(options, Interrupts())
        assert "sks man" in (tmp_path / "v.storyboard.yaml").read_text()
        told = json.loads(capsys.readouterr().out)
        assert told["frames"] == 24
        assert told["likeness"] == {"frames": 12, "matches": 0}
        await evaluate_identity(
            LikenessRequest(
                video=output,
                identity="ann",
                storyboard=None,
                impostors=(),
                every=1,
                target=target(remote),
                as_json=True,
            )
        )
        assert json.loads(capsys.readouterr().out)["frames"] > 0
