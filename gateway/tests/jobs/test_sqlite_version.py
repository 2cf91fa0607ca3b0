"""DBOS needs a newer SQLite on newer Pythons."""

import pytest
from songreel_gateway.jobs.dbos_executor import check_sqlite
from songreel_kit.errors import FailedPrecondition


@pytest.mark.parametrize(
    ("python", "sqlite"),
    [((3, 11, 7), (3, 40, 1)), ((3, 12, 0), (3, 42, 0)), ((3, 13, 1), (3, 46, 0))],
)
def test_versions_that_work(python: tuple[int, ...], sqlite: tuple[int, ...]) -> None:
    check_sqlite(python, sqlite)


def test_an_old_sqlite_is_named_with_what_to_do() -> None:
    with pytest.raises(FailedPrecondition, match=r"has 3\.40\.1: use Python 3\.11, .* or Postgres"):
        check_sqlite((3, 13, 0), (3, 40, 1))
