# Runs, tests, checks and measures the demo. tools/venv.sh makes .venv at first use.
PY := .venv/bin/python
# MCP=on, in the environment or in .env, needs one more package.
MCP_ON = $(filter on ON On 1,$(or $(MCP),$(shell sed -n 's/^MCP=//p' .env 2>/dev/null)))
.PHONY: run help offline test chaos fuzz soak load check shape format screenshots bench quality screens space chroot weigh licences lock clean

run: ## the demo on http://127.0.0.1:7860
	@sh tools/venv.sh requirements$(if $(MCP_ON),-mcp).txt
	@$(PY) app.py

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' Makefile

offline: ## the vendor-compatible server alone, on http://127.0.0.1:8700
	@sh tools/venv.sh requirements.txt
	@$(PY) -m meitu_demo.offline

test: ## all tests, with a real browser; three workers for two cores, because a third of the time is waiting
	@sh tools/venv.sh requirements-dev.txt
	@sh tools/chromium.sh
	@$(PY) -m pytest -n 3 --dist loadgroup

chaos: ## tests of paid calls with faults, crowds, kills and outages, in full; make test runs a tenth
	@sh tools/venv.sh requirements-dev.txt
	@$(PY) -m pytest -n 2 --dist loadgroup -m chaos --whole

fuzz: ## tests with damaged and hostile files, paths and values, in full; make test runs a tenth
	@sh tools/venv.sh requirements-dev.txt
	@$(PY) -m pytest -n 2 --dist loadgroup -m fuzz --whole

soak: ## crowds, then ten minutes of mixed use: memory, files and descriptors must not grow
	@sh tools/venv.sh requirements-dev.txt
	@$(PY) -m pytest -m soak --whole

load: ## many visitors on a slow vendor, the offline engine and two replicas, with figures; 15 minutes
	@sh tools/venv.sh requirements-load.txt
	@$(PY) -m tools.load

check: ## style, types, dead code, architecture: imports, circles, files over 300 lines
	@sh tools/venv.sh requirements-dev.txt
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports
	@$(PY) -m tools.shape --check
	@$(PY) -m pytest -q tests/test_dead_code.py

shape: ## size and structure of the code, in figures
	@sh tools/venv.sh requirements-dev.txt
	@$(PY) -m tools.shape

format: ## sort imports, fix what ruff can fix, and format
	@sh tools/venv.sh requirements-dev.txt
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

screens: ## every state of every panel, checked by axe-core; pictures in build/screenshots; 5 minutes
	@sh tools/venv.sh requirements-dev.txt
	@sh tools/chromium.sh
	@$(PY) -m pytest -n 2 --dist loadgroup --whole tests/browser/test_tour.py tests/browser/test_layout.py

screenshots: ## the pictures of README and docs, from a real browser
	@sh tools/venv.sh requirements-dev.txt
	@sh tools/chromium.sh
	@PYTHONPATH=tests $(PY) -m browser.screenshots

bench: ## speed and memory, as ratios to baselines that are measured in the same run
	@sh tools/venv.sh requirements-dev.txt
	@$(PY) -m tools.bench

quality: ## the effects' quality, in figures and contact sheets (build/quality)
	@sh tools/venv.sh requirements-dev.txt
	@$(PY) -m tools.quality

space: ## build/space: the files of a Hugging Face Space; SDK=docker for one that runs the Dockerfile
	@sh tools/space.sh $(or $(SDK),gradio)

chroot: ## build and check the image without a Docker engine; as root, with debootstrap
	@sh tools/venv.sh requirements-dev.txt
	@$(PY) -m tools.image

weigh: ## the sizes of the packages of requirements.txt and of the image, installed
	@sh tools/venv.sh requirements-dev.txt
	@sh tools/weigh.sh

licences: ## LICENCES.md: versions and licences of the image's packages; after make lock
	@sh tools/venv.sh requirements-dev.txt
	@$(PY) -m tools.licences

lock: ## locks/: exact versions of all dependencies, with hashes; UPGRADE=--upgrade for newer ones
	@sh tools/venv.sh requirements-dev.txt
	@sh tools/lock.sh

clean: ## remove .venv and everything that these commands made
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis
