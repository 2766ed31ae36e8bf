# The targets install the project first. On a fresh machine, `make demo` needs only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SETUP_LOG := $(VENV)/setup.log
# One process has all tests of a file, which share what they make; the longest files come first (`conftest.py`).
PYTEST := $(BIN)/pytest --dist loadfile --no-loadscope-reorder
# Prints one line for a step and writes the output of the step into the log. When the step fails, shows the end of the log.
step = @echo "setup: $(1); log: $(SETUP_LOG)"; $(2) >> $(SETUP_LOG) 2>&1 || { code=$$?; tail -n 15 $(SETUP_LOG); echo "setup: failed: $(1)"; exit $$code; }
export GX_ANALYTICS_ENABLED := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without compiled bytecode, every test process would compile the tests and the packages again: 20 s of `make check`.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-ru ui test check linted typed fix docs bench-overhead bench-whisper bench-faults bench-again bench-gates bench-text bench-clip-loss bench-train bench-release bench-scale bench-cluster lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED)  ## install into .venv; does nothing when the installation is current

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) -V). Try: make PYTHON=python3.11"; exit 2; }
	@echo "setup: making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "This Python cannot make a venv. On Debian: apt-get install python3-venv"; exit 2; }
	@: > $(SETUP_LOG)
# The lock is complete, so pip resolves nothing. It must not: `resemblyzer` asks for `typing`, whose old copy breaks Python, and
# for `webrtcvad`, which needs a compiler (`webrtcvad-wheels` is the same module); `distillmos` and `xls_r_sqa` ask for
# `torchaudio` and `transformers`, which nothing here uses.
	$(call step,installing requirements.lock (some minutes),$(BIN)/pip install --no-compile --no-deps -r requirements.lock)
# pip compiles one file after the other, this does it on all cores. Files for other versions of Python fail, and nothing imports them.
	$(call step,compiling,{ $(BIN)/python -m compileall -q -j 0 $(VENV)/lib || true; })
# A PyTorch for GPUs asks for NVIDIA's libraries as packages. The lock has none: it holds for machines without a GPU too.
	$(call step,installing what PyTorch asks for,$(BIN)/pip install "$$(grep '^torch==' requirements.lock)")
	$(call step,installing voice-assets,$(BIN)/pip install --no-deps --no-build-isolation -e .)
	@touch $@

demo: setup  ## real English recordings become a packaged voice that is understood, stage by stage
	$(BIN)/voice-assets demo
	$(BIN)/voice-assets run allison_en

demo-ru: setup  ## real Russian recordings walk the same road from random weights; nobody can understand the voice
	$(BIN)/voice-assets demo ivrvoice_ru
	$(BIN)/voice-assets run ivrvoice_ru

ui: setup  ## the Dagster UI on http://127.0.0.1:3000
	$(BIN)/voice-assets ui

test: setup  ## every test, with real models on real speech
# A third process for two cores: a fourth of the time, tests wait for a daemon, a browser or a process that was killed.
# A test that waits for ever prints where after so many seconds, and goes on waiting.
	$(PYTEST) -n 3 -o faulthandler_timeout=1500

check: setup  ## format, lint, types, import contracts, fast tests: before every commit
	@$(MAKE) --no-print-directory --jobs=2 --output-sync linted typed
# The next run removes the files of this one: removing them after each test takes a tenth of the time.
	$(PYTEST) -n 2 -m "not slow" -o tmp_path_retention_policy=all

linted:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

typed:
	$(BIN)/mypy

fix: setup  ## format, and apply the linter's automatic fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup  ## the handbook as a site in build/handbook; renews the tables that the code writes
	$(BIN)/python -m voice_assets_tests.handbook.generated
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench-overhead: setup  ## the time that Dagster adds to a run of one partition; last line one JSON object
	$(BIN)/python -m benchmarks.overhead

bench-whisper: setup  ## speed and similarity of our Whisper and of stock faster-whisper; last line one JSON object
	$(BIN)/python -m benchmarks.whisper

bench-faults: setup  ## planted faults in ru, en, es, fr: how many of each kind are found; last line one JSON object
	$(BIN)/python -m benchmarks.faults

bench-again: setup  ## the time to validate an untouched data set again, and the first time; last line one JSON object
	$(BIN)/python -m benchmarks.again

bench-gates: setup  ## gates and lineage with 64 shards, 200 epochs and 1,000 past runs; last line one JSON object
	$(BIN)/python -m benchmarks.gates

bench-text: setup  ## pairs of texts compared wrongly, and the speed; PAIRS=FILE adds pairs; last line one JSON object
	$(BIN)/python -m benchmarks.text $(if $(PAIRS),--pairs $(PAIRS))

bench-clip-loss: setup  ## planted faults in a short training, found by the loss of each clip; last line one JSON object
	$(BIN)/python -m benchmarks.clip_losses

bench-train: setup  ## speed, memory and losses of our training and of stock piper.train; last line one JSON object
	$(BIN)/python -m benchmarks.train

bench-release: setup  ## the time to build, sign and verify the package of a medium voice; last line one JSON object
	$(BIN)/python -m benchmarks.release

bench-scale: setup  ## the cost of a voice of 18,377 clips, stage by stage; last line one JSON object
	$(BIN)/python -m benchmarks.scale

bench-cluster: setup  ## the cost of a road over two hosts, and of the same road on one machine; last line one JSON object
	$(BIN)/python -m benchmarks.cluster

lock: setup  ## write the installed packages into requirements.lock
	$(BIN)/pip freeze --all --exclude-editable | grep -v "^pip==" | sed 's/+cpu$$//' > requirements.lock.new && mv requirements.lock.new requirements.lock

clean:  ## remove the installation and tool caches, but no data set and no artifact
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
