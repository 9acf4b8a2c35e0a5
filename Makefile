# One command each. Every target works from a fresh clone: it makes .venv and the generated contract first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.complete
ENGINE ?= docker
CODE := src tests tools bench chaos examples packages setup.py
# Where a machine sets it, every process would compile the service and its packages anew: a second each.
unexport PYTHONDONTWRITEBYTECODE

RELEASED := proto/released.binpb.gz

.DEFAULT_GOAL := help
.PHONY: help setup proto lint format types layers contract contract-bundle packages released test check bench chaos fuzz run demo docs screenshots lock image clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## .venv from the lock file
$(READY): requirements-dev.txt pyproject.toml tools/set_up.py
	@$(PYTHON) tools/set_up.py

proto: setup ## Python of the contract, and its image for buf
	@$(BIN)/python tools/build_proto.py

lint: setup ## ruff: rules and format
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

format: setup ## put code and contract into shape
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)
	$(BIN)/buf format -w proto

types: proto ## mypy, strict
	$(BIN)/mypy

layers: proto ## who may import whom
	PYTHONPATH=examples $(BIN)/lint-imports --no-logo

contract: proto ## buf: rules, comments and format of the contract, and that no released client breaks
	$(BIN)/buf lint build/api.binpb --path calendarsync
	$(BIN)/buf format -d --exit-code proto
	$(BIN)/buf breaking build/api.binpb --path calendarsync --against $(RELEASED)

contract-bundle: proto ## build/contract: what any language makes its stubs from, without a network
	@$(BIN)/python tools/contract_bundle.py

packages: setup ## dist/: wheels of the service, of its client and of the sandbox for callers' tests
	@$(BIN)/uv build -q --wheel --out-dir dist .
	@$(BIN)/uv build -q --wheel --out-dir dist packages/client
	@$(BIN)/uv build -q --wheel --out-dir dist packages/sandbox

released: proto ## the contract as it is becomes what later ones are held to: part of a release
	$(BIN)/buf build build/api.binpb --exclude-source-info -o $(RELEASED)

test: proto ## all tests, the longest stories first
	$(BIN)/pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

check: lint types layers contract test ## everything CI runs

bench: proto ## what calls cost, as ratios: docs/performance.md; PARTS="reads writes" for some
	@$(BIN)/python -m bench $(PARTS)

chaos: proto ## faults by the hundred, and what must hold after them: docs/chaos.md; SEED=7 FAULTS=500
	@$(BIN)/python -m chaos --faults $(or $(FAULTS),500) $(if $(SEED),--seed $(SEED))

fuzz: proto ## generated calls of every method and route, with figures: SEED=7 CALLS=20000
	@CALENDARSYNC_TEST_FUZZ_CALLS=$(or $(CALLS),20000) CALENDARSYNC_TEST_FUZZ_SEED=$(or $(SEED),$(shell date +%s)) \
	  $(BIN)/pytest -q -s tests/end_to_end/test_fuzz.py

run: proto ## the whole service on this machine, and a page to see it; Ctrl-C to stop
	@$(BIN)/python -m server local

demo: proto ## the whole story as a client lives it
	@$(BIN)/python -m server.demo

docs: proto ## docs/settings.md and docs/personal-data.md from the code
	@PYTHONPATH=src $(BIN)/python tools/settings_page.py
	@PYTHONPATH=src $(BIN)/python tools/personal_data_page.py

screenshots: proto ## docs/images: the pictures of the example page, anew
	@PYTHONPATH=. $(BIN)/python tools/screenshots.py

LOCK := $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-header --no-annotate pyproject.toml

lock: setup ## newest allowed versions into the lock files: of development, and of what the container has
	$(LOCK) --extra local --extra traces --group dev -o requirements-dev.txt
	$(LOCK) --extra traces --constraint requirements-dev.txt -o requirements.txt
	@! grep -n '://' requirements-dev.txt requirements.txt

image: ## the container image, where there is an engine: ENGINE=podman for another than docker
	$(ENGINE) build --file deploy/container/Dockerfile --tag calendarsync:latest .

clean: ## forget everything that was made
	rm -rf $(VENV) build src/calendarsync src/buf src/*.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
