# What must always work: make demo, make test, make check, make bench. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
DEMO := .demo
INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test chromium check bench evaluate train-answerability format clean
help:
	@grep -E '^[a-z-]+:.*#' $(MAKEFILE_LIST) | sed 's/:.*# */\t/'

.venv/.base: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "commonplace needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up .venv (once; a minute or two)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) -e .
	@touch $@

.venv/.dev: .venv/.base
	$(INSTALL) -e '.[dev,llm]'
	@touch $@

demo: .venv/.base  # adds the sample library, asks it three questions
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh $(DEMO)

# Debian's Chromium, by apt where that needs no password: without windows, if there is such a package.
chromium:
	@for name in chromium-headless-shell chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit; done; \
	root=; test "$$(id -u)" = 0 || root="sudo -n"; \
	command -v apt-get >/dev/null && $$root true 2>/dev/null && echo "installing Chromium for the browser tests (once; a minute)" && \
	$$root apt-get update -qq && for name in chromium-headless-shell chromium; do \
	DEBIAN_FRONTEND=noninteractive $$root apt-get install -qq -y --no-install-recommends $$name >/dev/null && exit; done || \
	echo "the browser tests need Chromium; please install it: apt install chromium"

test: .venv/.dev chromium  # runs all tests
	$(BIN)/pytest -n 2

check: .venv/.dev  # format, lint, types, floors and doors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -p no:cacheprovider tests/test_layout.py

format: .venv/.dev  # writes what check asks for
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench:  # lists the benchmarks and what each needs
	@for file in benchmarks/*/[a-z]*.py; do \
		printf '%s: ' $$file; sed -n '1s/^"""//p' $$file; \
		sed -n '/^Needs/,/^$$/p' $$file | sed 's/^/    /'; \
		sed -n 's/^    python -m benchmarks/    .venv\/bin\/python -m benchmarks/p' $$file; echo; done

evaluate: .venv/.dev  # is the ranking as good as its reference? make evaluate DATA=folder
	$(BIN)/python -m benchmarks.ranking.regression $(or $(DATA),$(error name the folder with the sets: make evaluate DATA=folder))

train-answerability: .venv/.dev  # learns the decision and support anew: DATA=folder with squad2's two files
	$(BIN)/python -m benchmarks.answers.train_support $(or $(DATA),$(error name the folder: make train-answerability DATA=folder))
	$(BIN)/python -m benchmarks.answers.train_answerability --rows .rows.jsonl

clean:  # removes what make made
	rm -rf .venv $(DEMO)
