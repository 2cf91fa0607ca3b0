"""The vault on Postgres: the same promises, also with several writers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from songreel_identity.vault import audit
from songreel_identity.vault.consent import current_text
from songreel_identity.vault.database import MIGRATIONS, open_database
from songreel_identity.vault.keys import FileKeys
from songreel_identity.vault.records import PICTURE
from songreel_identity.vault.tables import metadata
from songreel_identity.vault.vault import Vault
from songreel_kit import errors
from songreel_kit.database.engines import postgres_url
from songreel_testing.servers import NotInstalledError, temporary_postgres


@pytest.fixture(scope="module")
def url():
    try:
        with temporary_postgres() as server:
            yield server.url(server.create_database())
    except NotInstalledError as missing:
        pytest.skip(str(missing))


def test_the_vault_keeps_and_erases_on_postgres(url, tmp_path) -> None:
    with ThreadPoolExecutor(3) as pool:  # replicas that start together
        *others, opened = pool.map(open_database, [url] * 3)
    for other in others:
        other.close()
    text = current_text()
    vault = Vault(opened, FileKeys(tmp_path / "vault.json"), text)
    names = [f"projects/p{index}/identities/ann" for index in range(8)]

    def enroll(name):
        consent = vault.record_consent(name, text.version, text.sha256)
        return vault.get(name, vault.put(consent, PICTURE, name.encode()))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(enroll, names)) == [name.encode() for name in names]
    # Writers at the same moment have not broken the chain of the log.
    length, head = opened.run(audit.verify)
    assert length >= len(names)
    erasure = vault.erase(names[0])
    assert opened.run(audit.verify) == (length + 1, erasure.audit_head)
    assert erasure.audit_head != head
    with pytest.raises(errors.IdentityNotFound):
        vault.erase(names[0])
    assert len(vault.list_objects(names[1], PICTURE)) == 1
    opened.close()


def test_the_migrations_go_down_and_up_on_postgres(url) -> None:
    open_database(url).close()
    engine = sa.create_engine(postgres_url(url))
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        MIGRATIONS.migrate(connection, "base")
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    open_database(url).close()
