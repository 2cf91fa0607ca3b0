# Any target may come first: each sets up what it needs.
define CHECK_PYTHON
import sqlite3, sys
version = sys.version_info[:2]
if not (3, 11) <= version <= (3, 13):
    sys.exit("songreel needs Python 3.11, 3.12 or 3.13; %s is %d.%d" % (sys.executable, *version))
if version > (3, 11) and sqlite3.sqlite_version_info < (3, 42):
    sys.exit("Python 3.12 and 3.13 need SQLite 3.42 or later; %s has %s: take Python 3.11" % (sys.executable, sqlite3.sqlite_version))
if version == (3, 13):
    print("Python 3.13: mediapipe has no wheel for it, so people cannot be enrolled; all else works")
endef
export CHECK_PYTHON
PYTHON ?= $(firstword $(foreach version,3.11 3.12 3.13,$(shell python$(version) -c "$$CHECK_PYTHON" >/dev/null 2>&1 && command -v python$(version))))
VENV := .venv
BIN := $(VENV)/bin
DISTRIBUTIONS := libs/contracts libs/kit libs/client services/audio services/prompt services/render services/identity services/score gateway app models/training libs/animatic libs/testing
STAMP := $(VENV)/.ready
DEMO := out/demo
DEMO_SCORE := out/demo-score
PAGE := gateway/src/songreel_gateway/web
# Processes of `make test`; each takes a core and, with the servers it starts, about 2 GB.
WORKERS ?= 2

.PHONY: help setup demo demo-score wheels test test-slow check protos bench bench-audio clean

help: ## the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: $(STAMP) ## a virtual environment with everything in it

$(STAMP): requirements.txt requirements-dev.txt requirements-nodeps.txt $(addsuffix /pyproject.toml,$(DISTRIBUTIONS))
	@test -n "$(PYTHON)" || { echo "songreel needs Python 3.11, 3.12 or 3.13: install one, or name it with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c "$$CHECK_PYTHON"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-nodeps.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps $(addprefix -e ,$(DISTRIBUTIONS))
	touch $@

demo: $(STAMP) ## the demo song becomes out/demo/video.mp4
	mkdir -p $(DEMO)
	$(BIN)/songreel make demo/song.mp3 -o $(DEMO)/video.mp4 --data $(DEMO)/data

demo-score: $(STAMP) ## the demo song's animatic, without the song, gets music of its own: out/demo-score/scored.mp4
	mkdir -p $(DEMO_SCORE)
	$(BIN)/songreel make demo/song.mp3 -o $(DEMO_SCORE)/film.mp4 --animatic only --data $(DEMO_SCORE)/data
	$(BIN)/songreel score $(DEMO_SCORE)/film.mp4 -o $(DEMO_SCORE)/scored.mp4 --keep-sound none

wheels: $(STAMP) ## a wheel of every distribution in dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir dist $(DISTRIBUTIONS) models/sprout

test: $(STAMP) ## the default tests, a file at a time in each of WORKERS processes
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

test-slow: $(STAMP) ## the tests that take longer, of the paths in SLOW or all
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(SLOW)

check: $(STAMP) ## ruff, pyright, import-linter, buf lint and breaking, stubs and docs/api current, the page's types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python libs/contracts/generate.py --check
	$(BIN)/python libs/contracts/reference.py --check
	$(BIN)/python libs/contracts/lint.py
	$(BIN)/deno check --quiet --config $(PAGE)/deno.json $(PAGE)/page/*.js
	$(BIN)/deno lint --quiet --config $(PAGE)/deno.json $(PAGE)/page
	$(BIN)/deno fmt --quiet --check --config $(PAGE)/deno.json $(PAGE)/page/*.js

protos: $(STAMP) ## Python stubs and docs/api from protos/
	$(BIN)/python libs/contracts/generate.py
	$(BIN)/python libs/contracts/reference.py

bench: $(STAMP) ## the figures of the README, as ratios in one run
	$(BIN)/python -m bench

bench-audio: $(STAMP) ## accuracy of the analysis, compared with librosa (needs ../shared/data; minutes)
	$(BIN)/python -m bench audio

clean: ## removes everything that was made, the environment too
	rm -rf $(VENV) out build dist
