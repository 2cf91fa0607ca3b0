"""Two tenants' people with adapters, and a server that may draw them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import torch
from diffusers import UNet2DConditionModel
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.render.v1 import render_service_pb2 as render_pb
from songreel.render.v1.render_plan_pb2 import RenderSettings as Asked
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel_identity.liveness.protocol import Way
from songreel_identity.service import create_service as create_identity
from songreel_identity.service import open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.layers import add_layers, write_adapter
from songreel_identity.training.recipe import TrainingRecipe
from songreel_identity.vault.records import ADAPTER, PICTURE, Binding
from songreel_identity.vault.tables import audit
from songreel_identity.vault.vault import pictures_sha256
from songreel_kit.artifacts.documents import store_document
from songreel_kit.checkpoints.hashes import folder_sha256
from songreel_kit.likeness.adapters import AdapterHead
from songreel_render.service import create_service as create_render
from songreel_render.settings import RenderServiceSettings

from songreel_testing.identity.enrolled import enroll, made_up_stills
from songreel_testing.render.click_track import analysis_of, write_song
from songreel_testing.render.storyboards import scene, storyboard_of
from songreel_testing.render.tiny_checkpoint import write_checkpoint
from songreel_testing.serving import serving_at, temporary_store

ANN = "projects/p/identities/ann"
BEN = "projects/q/identities/ben"


def following(call: Any) -> tuple[list[Any], asyncio.Task[None]]:
    """The events of a call, in a list that grows as they come, and what ends with the call."""
    seen: list[Any] = []

    async def follow() -> None:
        async for event in call:
            seen.append(event)  # noqa: PERF401 - looked at while it grows

    return seen, asyncio.create_task(follow())


@dataclass
class IdentityServer:
    folder: Path
    rank: int = 2
    database: str = ""
    """URL of the vault's database; empty is a file in the folder."""
    plain: dict[str, bytes] = field(default_factory=dict)
    """Adapters by identity, in the clear."""

    def __post_init__(self) -> None:
        self.checkpoint = write_checkpoint(self.folder / "tiny")
        self.store = temporary_store(self.folder)
        self.settings = IdentitySettings(
            database=self.database or f"sqlite:///{self.folder / 'vault.db'}",
            keys=self.folder / "keys",
            watch_seconds=0.02,
            erase_seconds=240.0,  # a busy machine draws its last batch slowly
        )
        self.vault = open_vault(self.settings)
        self.adapters = {name: self.enroll(name, seed) for seed, name in enumerate((ANN, BEN))}
        self.song = self.store.put_file(write_song(self.folder / "song.mp3", 2.0), "audio/mpeg")
        self.analysis = store_document(self.store, analysis_of(2.0))

    def enroll(self, name: str, seed: int) -> str:
        """Pictures, and an adapter that changes much; returns its hash."""
        enroll(self.vault, name, made_up_stills(seed), frozenset({Way.SPOKEN}))
        pictures = pictures_sha256(each.sha256 for each in self.vault.list_objects(name, PICTURE))
        base = folder_sha256(self.checkpoint)
        unet = UNet2DConditionModel.from_pretrained(self.checkpoint / "unet")
        recipe = TrainingRecipe(rank=self.rank, alpha=8.0, seed=seed)
        random = torch.Generator().manual_seed(seed)
        matrices = {
            each: torch.randn(matrix.shape, generator=random) * 0.3
            for each, matrix in add_layers(unet, recipe).items()
        }
        data = write_adapter(
            matrices, AdapterHead(base, pictures, "person", 1, recipe.text()), recipe.alpha
        )
        self.plain[name] = data
        consent = self.vault.valid_consent(name)
        binding = Binding(base, pictures, "ab" * 32)
        stored = self.vault.database.run(
            lambda connection: self.vault.seal(connection, consent, ADAPTER, data, binding)
        )
        return stored.sha256

    def request(self, *scenes: Any, adapter: str = "", grant: str = "", **settings: Any) -> Any:
        shown = scenes or (scene(0.0, 1.0), scene(1.0, 2.0, protagonist=True))
        # Without the animatic, which draws scenes with nobody enrolled only.
        plain = {"fps": "6", "cadence": 0.0, "colour_match": 0.0, "animatic": "off"}
        asked = Asked(**plain | settings)
        if adapter:
            asked.loras.add(adapter_sha256=adapter, grant=grant)
        return render_pb.RenderRequest(
            song=self.song,
            analysis=self.analysis,
            storyboard=store_document(self.store, storyboard_of(*shown)),
            settings=asked,
        )

    def log(self) -> list[tuple[str, dict[str, str]]]:
        """Events of the audit log with their details."""
        return self.vault.database.run(
            lambda connection: [
                (row.event, json.loads(row.detail))
                for row in connection.execute(sa.select(audit).order_by(audit.c.sequence))
            ]
        )

    @asynccontextmanager
    async def open(self, **settings: Any) -> AsyncIterator[tuple[Any, Any]]:
        """Stubs of the identity and the render service."""
        addresses: list[str] = []
        render = RenderServiceSettings(
            **{
                "checkpoint": self.checkpoint, "store": str(self.folder / "artifacts"),
                "scratch": self.folder, "device": "cpu", "dtype": "float32",
                "batch_frames": 2, "segment_frames": 4, "threads": 1,
                "signing_folder": self.folder / "credentials",
            } | settings
        )  # fmt: skip
        services = (
            create_identity(self.settings),
            create_render(render, self.store, identity_target=lambda: addresses[0]),
        )
        async with serving_at(*services) as (server, channel):
            addresses.append(server.address)
            yield IdentityServiceStub(channel), RenderServiceStub(channel)
