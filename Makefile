# `make check` is what CI runs; the tools are pinned in pyproject.toml.
.PHONY: check format lint types test test-all coverage digits fix

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

# Repairs what can be repaired.
fix:
	ruff format .
	ruff check --fix .
