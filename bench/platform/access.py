"""Attempts against a gateway that checks its callers, and how each of them ends.

    python -m bench.platform access [--write]

Runs the attacks of `gateway/tests` against a real server and prints them as a table;
`--write` writes it into docs/operate/access.md.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "operate" / "access.md"
BEGIN, END = "<!-- access: written by bench.platform.access -->", "<!-- end -->"


async def results() -> list[tuple[Any, str]]:
    """Every attack, made against one gateway, and how it ended."""
    attacks = importlib.import_module("songreel_testing.gateway.attacks")
    started = importlib.import_module("songreel_testing.gateway.checked_gateway")
    table = attacks.whole_table()
    with tempfile.TemporaryDirectory() as folder:
        async with started.checked_gateway(Path(folder)) as gateway:
            return [(each, await attacks.ending(each, gateway)) for each in table]


def table(found: list[tuple[Any, str]]) -> str:
    """Every attack as a row of a Markdown table."""
    good, all_ = Counter[str](), Counter[str]()
    for tried, ended in found:
        all_[tried.group] += 1
        good[tried.group] += ended == tried.ends
    lines = [
        f"{sum(all_.values())} attacks, {sum(good.values())} refused as they should be.",
        "",
        "| | attack | ends with | |",
        "|---|---|---|---|",
    ]
    for tried, ended in found:
        mark = "ok" if ended == tried.ends else f"WRONG: {tried.ends} expected"
        lines.append(f"| {tried.group} | {tried.name} | {ended} | {mark} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Exits with 1 when one does not end as it should."""
    parser = argparse.ArgumentParser(prog="bench.platform access", description=__doc__)
    parser.add_argument("--write", action="store_true", help="into docs/operate/access.md")
    options = parser.parse_args(arguments)
    found = asyncio.run(results())
    text = table(found)
    print(text)
    if options.write:
        page = PAGE.read_text()
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    if any(ended != tried.ends for tried, ended in found):
        sys.exit(1)
