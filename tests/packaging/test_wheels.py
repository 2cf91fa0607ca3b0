"""songreel installed from wheels makes a video outside the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import distribution, distributions
from pathlib import Path

import av
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [
    path.parent
    for pattern in ("app", "gateway", "libs/*", "models/*", "services/*")
    for path in sorted(ROOT.glob(f"{pattern}/pyproject.toml"))
]
FAST = ("--fps", "4", "--size", "64", "--steps", "1")


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Standard output of a program that must succeed, with no setting of songreel's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SONGREEL_")}
    kept.pop("PYTHONPATH", None)
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel of every distribution."""
    folder = tmp_path_factory.mktemp("wheels")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps")
    run(*pip, "--no-index", "--no-build-isolation", "--wheel-dir", folder, *FOLDERS)
    assert len(list(folder.glob("*.whl"))) == len(FOLDERS)
    return folder


class Installed:
    """songreel in a virtual environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "environment/bin/python"
        run(sys.executable, "-m", "venv", "--without-pip", folder / "environment")

    @property
    def packages(self) -> Path:
        return next((self.folder / "environment/lib").glob("python3*/site-packages"))

    def install(self, *arguments: str | Path) -> None:
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", self.python)
        run(*pip, "install", "--quiet", *arguments)

    def requirements(self) -> list[Requirement]:
        """What its packages declare to need."""
        found = distributions(path=[str(self.packages)])
        return [Requirement(text) for each in found for text in each.requires or ()]

    def install_wheels(self, wheels: Path, name: str) -> None:
        """Installs a wheel of ours and those of ours that it needs."""
        waiting, done = {name}, set[str]()
        while waiting:
            files = [next(wheels.glob(f"{each.replace('-', '_')}-0*.whl")) for each in waiting]
            self.install("--no-index", "--no-deps", *files)
            done |= waiting
            needed = {each.name for each in self.requirements() if each.marker is None}
            waiting = {each for each in needed if each.startswith("songreel")} - done

    def link_dependencies(self) -> None:
        """Gives it what its packages declare to need, from the environment of the tests."""
        waiting = self.requirements()
        done: set[tuple[str, str]] = set()
        while waiting:
            wanted = waiting.pop()
            name = canonicalize_name(wanted.name)
            for extra in ("", *wanted.extras):
                needed = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
                if (name, extra) in done or name.startswith("songreel") or not needed:
                    continue
                done.add((name, extra))
                found = distribution(name)
                for text in found.requires or ():
                    asked = Requirement(text)
                    if asked.marker is None or asked.marker.evaluate({"extra": extra}):
                        asked.marker = None
                        waiting.append(asked)
                for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
                    link = self.packages / top
                    if not link.exists():
                        link.symlink_to(Path(str(found.locate_file(top))))

    def songreel(self, *arguments: str | Path) -> str:
        """Runs the installed command outside the repository."""
        command = self.folder / "environment/bin/songreel"
        return run(command, *arguments, "--data", self.folder / "data", cwd=self.folder)

    def refusal(self, *arguments: str | Path) -> str:
        """The one line with which the installed command fails."""
        with pytest.raises(AssertionError) as caught:
            self.songreel(*arguments)
        return str(caught.value)

    def make(self, *options: str) -> Path:
        """Makes a video of four seconds of the demo song."""
        video = self.folder / "video.mp4"
        self.songreel("make", ROOT / "demo/song.mp3", "-o", video, "--seconds", "4", *options)
        return video


@pytest.fixture(scope="module")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The plain `songreel`, without any extra."""
    made = Installed(tmp_path_factory.mktemp("installed"))
    made.install_wheels(wheels, "songreel")
    made.link_dependencies()
    return made


def frames(video: Path) -> int:
    with av.open(str(video)) as opened:
        return sum(1 for _ in opened.decode(video=0))


@pytest.mark.slow
def test_it_has_its_checkpoint_and_names_what_is_not_installed(installed: Installed) -> None:
    findings = json.loads(installed.songreel("doctor", "--json"))["findings"]
    found = {each["name"]: each["value"] for each in findings}
    assert "songreel_sprout_weights" in found["checkpoint"]
    assert "pip install 'songreel[identity]'" in found["extra identity"]
    assert "pip install 'songreel[llm]'" in found["extra llm"]
    assert "pip install 'songreel[score]'" in found["extra score"]
    with pytest.raises(AssertionError, match="pip install --no-deps scenedetect"):
        run(installed.folder / "environment/bin/songreel", "score", "film.mp4")


@pytest.mark.slow
def test_it_makes_a_video(installed: Installed) -> None:
    assert frames(installed.make(*FAST)) == 16


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "value", "install"),
    [
        ("--identity", "ann", "pip install 'songreel[identity]'"),
        ("--storyteller", "llm", "pip install 'songreel[llm]'"),
        ("--render", "ray", "pip install 'songreel[ray]'"),
    ],
)
def test_a_job_says_what_to_install(
    installed: Installed, option: str, value: str, install: str
) -> None:
    song = ROOT / "demo/song.mp3"
    told = installed.refusal("make", song, "-o", "x.mp4", "--seconds", "4", option, value, *FAST)
    assert install in told.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_pip_finds_all_that_it_needs(wheels: Path, tmp_path: Path) -> None:
    made = Installed(tmp_path)
    made.install("--find-links", wheels, "-c", ROOT / "requirements.txt", "songreel")
    assert frames(made.make(*FAST)) == 16
