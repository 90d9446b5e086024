# Every target prepares the environment itself; a prepared one costs a fraction of a second.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin

.PHONY: help setup demo ui test fuzz fuzz-decoders mutants crash pictures lint format

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' \
		| awk -F'\t' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: ## Prepare the environment (Python packages, system libraries, dbt manifest)
	@scripts/setup

demo: setup ## Bill a demo operator through three bill runs: drafts, documents, payments
	@$(BIN)/python -m orchestration.demo

ui: setup ## Open Dagster on http://127.0.0.1:3000
	@$(BIN)/billhouse ui

test: ## Run the whole test suite
	@scripts/setup --with-tests
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

fuzz: setup ## Compare the pipeline with the re-rater on 300,000 generated events (FUZZ="--seeds 1-40")
	@$(BIN)/python -m tests.rerater.fuzz $(FUZZ)

mutants: setup ## Break the rating SQL in 30 places and see whether the tests notice (MUTANTS="--seed 2")
	@$(BIN)/python -m tests.mutants.run $(MUTANTS)

crash: setup ## Kill 50 bill runs of the demo at random moments and compare (CRASH="--kills 10 --seed 2")
	@$(BIN)/python -m tests.crash.run $(CRASH)

fuzz-decoders: setup ## Feed 100,000 mutated files to each decoder of usage files
	@$(BIN)/python -m tests.ingestion.fuzzing

pictures: ## Draw the pictures of a bill in docs/img anew
	@scripts/setup --with-tests
	@$(BIN)/python -m tests.renderers.pictures

lint: setup ## Check style, types and package boundaries; changes nothing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models
	@$(BIN)/pyright

format: setup ## Rewrite Python in the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
