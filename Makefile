# Two commands do all: `make demo` and `make test`. Needs Python 3.11 or newer and a network for the first install.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test install dev lint types contract docs site notebooks clean

demo: install
	$(BIN)/innovation-graph run --out demo
	@echo
	@echo "Open in a browser: demo/papers/map.html  (the Sino-US page: demo/papers/map_cn_us.html)"
	@echo "Tables:            demo/papers/centrality.csv, demo/patents/centrality.csv, demo/indicators.csv"
	@echo "The sample is synthetic. Your own files: see 'Your own data' in README.md"

test: dev
	$(BIN)/python -m pytest -n auto --dist loadfile

install: $(BIN)/.installed

dev: $(BIN)/.developing

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev
	$(BIN)/mypy

contract: dev
	$(BIN)/lint-imports

docs: dev
	$(BIN)/python -m numpydoc.hooks.validate_docstrings $$(git ls-files 'innovation_graph/*.py')

site: dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[docs]"
	$(BIN)/python -m sphinx -W -q docs docs/_build
	@echo "Open docs/_build/index.html"

notebooks: dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[notebooks]"
	$(BIN)/python -m pytest --nbmake notebooks

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/.installed: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(BIN)/.developing: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@ $(BIN)/.installed

clean:
	rm -rf $(VENV) demo
