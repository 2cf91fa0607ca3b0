"""A server with checked access and TLS, on which ann of the project `mine` is enrolled."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from songreel_audio.service import create_service as create_audio
from songreel_audio.settings import AudioSettings
from songreel_gateway.access.callers import Role
from songreel_gateway.access.keys import NewKey, create_key, create_project
from songreel_gateway.db.schema import open_database
from songreel_gateway.service import Gateway, GatewaySettings, Targets
from songreel_identity.service import create_service as create_identity
from songreel_identity.service import open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.vault.vault import Vault
from songreel_kit.server.server import running_server
from songreel_prompt.service import create_service as create_prompt
from songreel_prompt.settings import PromptSettings
from songreel_render.service import create_service as create_render
from songreel_render.settings import RenderServiceSettings

from songreel_testing.gateway.checked_gateway import Authority
from songreel_testing.identity.enrolled import enroll, made_up_stills
from songreel_testing.render.tiny_checkpoint import write_checkpoint
from songreel_testing.serving import serving_at, temporary_store

ANN = "projects/mine/identities/ann"
SMALLEST = {"steps": 2, "rank": 2, "variants": 1, "prior_pictures": 1, "trial_pictures": 1}


@dataclass
class RemoteServer:
    """A gateway that checks access, with all its services, and what its partners know."""

    address: str
    authority: Path
    keys: dict[str, str]
    vault: Vault
    inside: str
    """Address of its services, for each other."""


@asynccontextmanager
async def remote_server(folder: Path):
    """The gateway shows a certificate and wants a key; ann of the project `mine` is enrolled."""
    authority = Authority(folder, "authority")
    certificate, key = authority.issue("server")
    settings = GatewaySettings(
        data=folder / "gateway",
        access="checked",
        access_cache_seconds=0,
        tls_certificate=certificate,
        tls_key=key,
    )
    people = IdentitySettings(
        database=f"sqlite:///{folder / 'vault.db'}",
        keys=folder / "keys",
        training=SMALLEST,
        training_small=SMALLEST,
        training_threads=1,
        watch_seconds=0.2,
        erase_seconds=8.0,  # one renderer never answers; a busy machine's other one does late
    )
    vault = open_vault(people)
    enroll(vault, ANN, made_up_stills())
    store, checkpoint = temporary_store(folder), write_checkpoint(folder / "tiny")
    render = RenderServiceSettings(
        checkpoint=checkpoint,
        store=str(folder / "artifacts"),
        scratch=folder,
        device="cpu",
        dtype="float32",
        threads=1,
        signing_folder=folder / "credentials",
    )
    inside: list[str] = []
    services = (
        create_audio(AudioSettings(), store),
        create_prompt(PromptSettings(tokenizer=checkpoint), store),
        create_render(render, store, identity_target=lambda: inside[0]),
        create_identity(people),
    )
    gateway = Gateway(settings, store)
    async with (
        serving_at(*services) as (stages, _),
        running_server(
            gateway.services(), settings.server(), guards=gateway.guards(settings.bind)
        ) as server,
        gateway.running(Targets.all(stages.address)),
    ):
        inside.append(stages.address)
        database = open_database(settings.database())
        keys = {}
        for project in ("mine", "theirs"):
            database.run(lambda opened, project=project: create_project(opened, project, {}))
            wanted = NewKey(project, Role.PARTNER)
            _, keys[project] = database.run(
                lambda opened, wanted=wanted: create_key(opened, wanted)
            )
        database.close()
        yield RemoteServer(server.address, authority.path, keys, vault, stages.address)
