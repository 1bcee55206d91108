# make demo: set up, make the demo pool, compute its features, serve.   make test: set up and run every test.
PYTHON ?= python3
PORT ?= 8000
JOBS ?= 2
VENV := .venv/bin

.PHONY: demo serve test lint browser clean

.venv/.app: requirements.txt
	$(PYTHON) -m venv .venv
	$(VENV)/python -m pip install --quiet --upgrade pip
	$(VENV)/python -m pip install --quiet -r requirements.txt
	touch $@

.venv/.dev: requirements-dev.txt .venv/.app
	$(VENV)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

demo: .venv/.app
	$(VENV)/python -m winnow demo --port $(PORT)

test: .venv/.dev lint browser
	$(VENV)/python -m pytest -n $(JOBS) --dist loadfile

lint: .venv/.dev
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy

# A chromium on PATH, else Playwright's own; with neither the browser tests fail and say so.
browser: .venv/.dev
	@command -v chromium || command -v chromium-browser || command -v google-chrome || \
	  (command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium >/dev/null) || \
	  $(VENV)/python -m playwright install --with-deps chromium

clean:
	rm -rf .venv demo
