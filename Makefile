# `make check` is what CI runs; the tools are pinned in pyproject.toml.
.PHONY: check format lint types test test-all coverage digits fix docs site \
  linkcheck

check: format lint types test

format:
	ruff format --check .

lint:
	ruff check .

types:
	mypy

test:
	python -m pytest

# Also the tests that take seconds or minutes each.
test-all:
	python -m pytest -m 'slow or not slow'

# Which lines the tests do not run; it fails below 90 %.
coverage:
	python -m pytest --cov

# Trains the digits to the end and lets a classifier judge them.
digits:
	python -m pytest -n 0 -m slow -rP tests/journeys/digits_test.py

# Builds the documentation site in build/site and serves it. Notebooks are shown
# without outputs; with EXECUTE=1 they are run, for minutes.
docs: site
	python -m http.server --directory build/site --bind localhost 8000

# A warning is an error: a link that leads nowhere, a page in no menu.
site:
	python -m sphinx -W --keep-going -n -q -b html docs build/site

# Whether the pages of other sites still exist; needs the network.
linkcheck:
	python -m sphinx -q -b linkcheck docs build/linkcheck

# Repairs what can be repaired.
fix:
	ruff format .
	ruff check --fix .
