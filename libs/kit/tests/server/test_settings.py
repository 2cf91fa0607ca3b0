"""Settings come from the environment, typed and checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict
from songreel_kit.settings import ServiceSettings, data_folder


class AudioSettings(ServiceSettings):
    """As a service would have them."""

    model_config = SettingsConfigDict(env_prefix="SONGREEL_TESTED_")

    least_seconds: float = 1.0
    """Shortest song taken."""


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SONGREEL_DATA", "SONGREEL_STORE", "SONGREEL_TESTED_STORE"):
        monkeypatch.delenv(name, raising=False)


def test_data_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SONGREEL_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    assert AudioSettings().store == str(tmp_path / "artifacts")
    monkeypatch.setenv("SONGREEL_DATA", "~/reels")
    assert data_folder() == Path.home() / "reels"


def test_without_a_word_data_is_in_the_users_folder() -> None:
    assert data_folder().name == "songreel"
    assert data_folder().is_absolute()


def test_one_store_for_all_services_or_one_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONGREEL_STORE", "s3://all")
    assert AudioSettings().store == "s3://all"
    monkeypatch.setenv("SONGREEL_TESTED_STORE", "s3://audio")
    assert AudioSettings().store == "s3://audio"


def test_a_service_has_its_own_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONGREEL_TESTED_LEAST_SECONDS", "2.5")
    monkeypatch.setenv("SONGREEL_TESTED_BIND", "0.0.0.0:7001")
    monkeypatch.setenv("SONGREEL_TESTED_METRICS_PORT", "9001")
    monkeypatch.setenv("SONGREEL_TESTED_MAX_CONCURRENT_CALLS", "3")
    settings = AudioSettings()
    assert settings.least_seconds == 2.5
    server = settings.server()
    assert (server.bind, server.metrics_port, server.max_concurrent_calls) == (
        "0.0.0.0:7001",
        9001,
        3,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("METRICS_PORT", "70000"), ("GRACE_SECONDS", "-1"), ("MAX_CONCURRENT_CALLS", "0")],
)
def test_values_out_of_range_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SONGREEL_TESTED_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        AudioSettings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        AudioSettings().bind = "elsewhere"  # type: ignore[misc]


def test_every_setting_says_what_it_is() -> None:
    assert [
        name for name, field in AudioSettings.model_fields.items() if not field.description
    ] == []
