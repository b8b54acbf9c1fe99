# The commands that README and CI use. Everything begins with `make setup`, which is instant the second time.
SHELL := /bin/sh
BIN := .venv/bin
STAMP := .venv/installed
# Some containers set it; every start of every program would compile every module anew, which is half of its time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup run dev test test-long mutants check bench lock docs screenshots backup drill
.DELETE_ON_ERROR:

setup: $(STAMP)

$(STAMP): requirements-dev.txt
	@python="$$(for name in python3.13 python3.12 python3.11 python3; do \
	    command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; \
	  done)"; \
	test -n "$$python" || { echo "sbrtspine needs Python 3.11 or newer. Install it, then try again." >&2; exit 1; }; \
	echo "Making .venv and installing the packages (once) …"; \
	$(BIN)/python -m pip --version >/dev/null 2>&1 || "$$python" -m venv --clear .venv \
	  || { echo "Python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }; \
	pip="$(BIN)/python -m pip install --quiet --disable-pip-version-check"; \
	uv="$$(grep -o '^uv==[^ ]*' requirements-dev.txt)"; \
	$$pip "$$uv" 2>/dev/null \
	  && $(BIN)/python -m uv pip install --quiet --system-certs --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.txt \
	  || $$pip --require-hashes -r requirements-dev.txt
	@touch $(STAMP)

run: setup
	@SBRTSPINE_DEMO=$${SBRTSPINE_DEMO:-1} exec $(BIN)/python manage.py up

dev: setup
	@SBRTSPINE_DEMO=1 SBRTSPINE_DEV=1 exec $(BIN)/python manage.py up

test: setup
	@$(BIN)/python -m tests.programs
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-long: setup
	@$(BIN)/python -m tests.programs
	@$(BIN)/python -m tests.browser.chromium
	SBRTSPINE_LONG=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# SIZE=320 mutants in the sample (0: the guards alone), SEED=another draws others, PACKAGES="records accounts",
# TESTS="tests/records" lets only these judge, PROCESSES=2, SECONDS=45 of tests for one mutant,
# MORE="--measure" (which test runs which line), "--again" (judge all anew), "--sample-alone" (without the guards)
mutants: setup
	$(BIN)/python -m tests.mutants $(if $(SIZE),--size $(SIZE)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(PACKAGES),--packages $(PACKAGES)) $(if $(TESTS),--tests $(TESTS)) \
	  $(if $(PROCESSES),--processes $(PROCESSES)) $(if $(SECONDS),--seconds $(SECONDS)) $(MORE)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	SBRTSPINE_TESTING=1 $(BIN)/mypy
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')
	$(BIN)/python -m tests.checks

backup: setup
	$(BIN)/python manage.py backup

drill: setup
	$(BIN)/python manage.py drill

bench: setup
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-bench.txt \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	$(BIN)/python -m benchmarks

lock: setup
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 requirements-bench.in -c requirements-dev.txt -o requirements-bench.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 requirements.in -c requirements-dev.txt -o requirements.txt

docs: setup
	SBRTSPINE_TESTING=1 $(BIN)/python manage.py write_docs

screenshots: setup
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m tests.browser.screenshots
