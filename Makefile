# The two commands that everybody needs: `make grade` and `make test`. Each does all its own set-up.
SHELL := /bin/bash
RUBRIC ?= imperial_cw3
PYTHON := .venv/bin/python
# Two tests at a time on two cores; tests of one file stay together, since they share what they prepare.
PYTEST := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -q -n auto --dist loadfile

.PHONY: grade test test-all test-gpu lint setup samples clean

grade: setup  ## Grade the sample submissions of $(RUBRIC) into runs/$(RUBRIC)
	@$(PYTHON) -m grader grade rubrics/$(RUBRIC) submissions/$(RUBRIC) --out runs/$(RUBRIC) --seed samples; \
	code=$$?; [ $$code -le 1 ] || exit $$code

test: setup-browser lint  ## Linter, type checker and the test suite (under 15 minutes on 2 cores)
	$(PYTEST) -m "not slow and not gpu"

test-all: setup-all lint  ## The suite with its slow rest
	$(PYTEST) -m "not gpu"

test-gpu: setup  ## What needs a CUDA device, one test at a time; its figures go into docs/gpu.md
	@figures=$$(mktemp); \
	GRADER_GPU_FIGURES=$$figures OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -q -rs -m gpu tests/gpu; \
	code=$$?; $(PYTHON) scripts/gpu_figures.py $$figures; rm -f $$figures; exit $$code

lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

setup:
	@scripts/setup

.PHONY: setup-browser
setup-browser:
	@scripts/setup --browser

.PHONY: setup-all
setup-all:
	@scripts/setup --browser --fuzz

samples: setup  ## Make the sample submissions again, byte for byte
	for maker in submissions/*/make_samples.py; do $(PYTHON) $$maker; done

clean:
	rm -rf runs .mypy_cache .ruff_cache
