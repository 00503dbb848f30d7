# Everything a newcomer types. Each target sets up what it needs; nothing has to be done by hand before.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(if $(shell command -v $(name)),$(name))))
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
VENDOR := service/web/static/vendor/maplibre-gl.LICENSE.txt
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: help setup setup-dev setup-train demo serve test lint types imports unit test-train models cards bench fuzz audit sbom soak pictures deb settings lock clean

help:  ## what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.runtime $(VENDOR)  ## the environment of the service in .venv

setup-dev: setup .venv/.dev  ## and what the tests need

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Qyran needs Python 3.11 or newer; install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@deploy/system-packages venv
	$(PYTHON) -m venv .venv

.venv/.runtime: .venv/bin/python requirements.lock pyproject.toml
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock requirements-eval.lock
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --require-hashes --no-deps -r requirements-eval.lock
	@touch $@

$(VENDOR): package.json package-lock.json .npmrc
	@deploy/system-packages browser-files
	npm ci --ignore-scripts --no-audit --no-fund --silent
	$(PYTHON) -m service.web.vendor

demo: setup  ## the sample city, analysed; console at http://127.0.0.1:8000 (ONCE=1 ends after the analysis)
	$(BIN)/qyran demo $(if $(ONCE),--once)

serve: setup  ## the service on the installation's own store
	$(BIN)/qyran serve

test: setup-dev  ## lint, types, import rules, all tests
	@deploy/system-packages tests
	$(MAKE) --no-print-directory lint types imports unit

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports

unit:
	@# in the order of folders: those that wait for real programs come first, and three keep two cores busy meanwhile
	$(BIN)/python -m pytest tests --ignore=tests/models_train -n 3 --dist loadfile --no-loadscope-reorder -q

setup-train:  ## the environment of training and export in .venv-train
	@PYTHON=$(PYTHON) models/setup_train.sh

test-train: setup-train  ## the training path on a small scale
	.venv-train/bin/python -m pytest tests/models_train --ignore=tests/models_train/test_openvino.py -q
	@# by itself: OpenVINO's threads do not survive the processes that training forks
	.venv-train/bin/python -m pytest tests/models_train/test_openvino.py -q

models: setup-train  ## train all shipped models again (many hours on a CPU)
	for name in road road_small fire; do \
	  .venv-train/bin/python -m models.train $$name; .venv-train/bin/python -m models.ship $$name; done
	.venv-train/bin/python -m models.plate_finder
	models/plates/fetch_fonts.sh
	.venv-train/bin/python -m models.plates.pool
	.venv-train/bin/python -m models.plates.train_reader
	.venv-train/bin/python -m models.plates.export_reader
	.venv-train/bin/python -m models.signals.train
	.venv-train/bin/python -m models.signals.train --all
	.venv-train/bin/python -m models.signals.export
	.venv-train/bin/python -m models.attributes.crops
	.venv-train/bin/python -m models.attributes.rendered
	.venv-train/bin/python -m models.attributes.train
	.venv-train/bin/python -m models.attributes.train --on
	.venv-train/bin/python -m models.attributes.export
	for card in models/weights/*.json; do $(BIN)/qyran models evaluate $$(basename $$card .json) --write; done
	$(MAKE) --no-print-directory cards

cards:  ## the model cards as pages, from the cards beside the weights
	$(BIN)/python -m models.cards

bench: setup  ## where the time goes, as JSON
	$(BIN)/qyran bench

fuzz: setup-dev  ## ask every operation with what it does not expect, by chance and for long (EXAMPLES=200)
	QYRAN_FUZZ_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest tests/security/test_fuzz.py tests/security/test_fuzz_pages.py -q

audit: setup-dev  ## what is known against the locked versions (docs/audit.md)
	$(BIN)/python -m service.supply_chain audit

sbom: setup-dev  ## the list of parts (CycloneDX) in build/sbom.json
	mkdir -p build && $(BIN)/python -m service.supply_chain sbom build/sbom.json

soak: setup  ## HOURS=1 of a moderate load on the real programs: do memory, files and threads stay flat?
	@deploy/system-packages tests
	$(BIN)/qyran soak --hours $(or $(HOURS),1)

pictures: setup-dev  ## the pictures of the README, from the demo's rendered scenes
	@deploy/system-packages tests
	$(BIN)/qyran screenshots --out docs/pictures

deb: setup  ## the Debian package of this checkout in dist/
	deploy/debian/build dist

settings: setup  ## the table of settings, from the code
	$(BIN)/qyran settings table > docs/settings.md

lock: setup-dev  ## choose versions anew
	$(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --strip-extras \
	  --allow-unsafe --all-build-deps -o requirements.lock pyproject.toml
	$(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --strip-extras \
	  --allow-unsafe --all-build-deps --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:  ## forget the demo and the environments
	rm -rf .venv .venv-train node_modules .demo .cache service/web/static/vendor
