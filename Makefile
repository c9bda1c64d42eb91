# `make check` is what CI runs; the tools are pinned in pyproject.toml.
.PHONY: check format lint types test slow fix

check: format lint types test

format:
	ruff format --check .

lint:
	ruff check .

types:
	mypy

test:
	python -m pytest

# Minutes long: trains the digits to the end and lets a classifier judge them.
slow:
	python -m pytest -m slow -rP

# Repairs what can be repaired.
fix:
	ruff format .
	ruff check --fix .
