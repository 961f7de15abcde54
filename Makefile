# The commands of this repository. `make demo` and `make test` set up by themselves.

PYTHON ?= python3
RUN := .venv/bin/

# Where Python may not keep what it compiled, each of many processes compiles all libraries again: seconds for each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo secrets test lint format docs fuzz lock setup setup-dev clean

demo: setup
	@$(RUN)lumenward demo

secrets: setup
	@$(RUN)lumenward secrets run

# How many processes share the tests; 0 for one after the other. They wait nearly as much as they compute: three keep two
# cores busy.
WORKERS ?= 3
test: setup-dev
	@$(RUN)python -m pytest -m "not soak and not alone" -n $(WORKERS) --dist worksteal
	@$(RUN)python -m pytest -m "alone and not soak"

lint: setup-dev
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)lint-imports
	$(RUN)mypy
	$(RUN)pyright
	$(RUN)vulture

SECONDS ?= 60
fuzz: setup-dev
	@for target in frames segments panel batch receipt; do \
		$(RUN)python -m tests.fuzz $$target -max_len=4096 -max_total_time=$(SECONDS) -print_final_stats=1 || exit 1; \
	done

format: setup-dev
	$(RUN)ruff check --fix .
	$(RUN)ruff format .

setup:
	@$(PYTHON) lumenward/setup_here.py requirements.lock

setup-dev:
	@$(PYTHON) lumenward/setup_here.py requirements-dev.lock

docs: setup-dev
	$(RUN)python -c 'from clinical.misuse.handbook import handbook; print(handbook(), end="")' > docs/rules.md

lock: setup-dev
	$(RUN)uv pip compile pyproject.toml -o requirements.lock --extra virtual --group build \
		--universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q
	$(RUN)uv pip compile pyproject.toml -o requirements-dev.lock -c requirements.lock --extra virtual --group build --group dev \
		--universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
