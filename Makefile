# make report | make data | make study | make test | make lab | make bench | make notebooks | make help
PYTHON  ?= python3
PROFILE ?= quick
SEED    ?= 0
WORKERS ?= 2
BIN     := .venv/bin
READY   := .venv/ready
TESTED  := .venv/tested
STUDIED := .venv/studied

# What is given reaches the shell as variables, as it was typed: neither make nor the shell reads commands in it.
GIVEN := PROFILE SEED DATA SOURCE TARGET STRUCTURE ON_BAD PUBLISHED ENCODER DECODER WEIGHTS EPOCHS SIZE
STUDY := PROFILE SEED DATA SOURCE TARGET ON_BAD DECODER WEIGHTS FOLDS ENCODERS REMEDIES SEEDS ON WORKERS THREADS PLAN
$(foreach one,$(GIVEN) $(STUDY) PUBLIC FROM YES,$(eval override $(one) := $$(value $(one))))
export $(GIVEN) $(STUDY) PUBLIC FROM YES
said = $(foreach one,$(1),$${$(one):+--$(shell echo $(one) | tr A-Z_ a-z-) "$$$(one)"})
OPTIONS = $(call said,$(GIVEN)) $${PUBLIC:+--public}

.PHONY: help report slides pdf data study test lab bench notebooks format published setup lock store clean
help:      ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile
	@echo "Before publishing: set Repository in pyproject.toml, then make notebooks"

report: $(READY)  ## run the lessons and build report/site (PROFILE=full DATA=... SOURCE=... TARGET=... STRUCTURE=polyp EPOCHS=... SIZE=192x144 ON_BAD=skip PUBLIC=1 ENCODER=... DECODER=fpn WEIGHTS=...)
	@$(BIN)/python -m report.build $(OPTIONS)

slides: report  ## the same, and say where the slides are: a deck a lesson, from its own figures
	@echo "The slides: file://$(CURDIR)/report/site/slides.html"

pdf: report  ## the report, and its pages as PDF in report/pdf (needs Chromium or Chrome)
	@$(BIN)/python -m report.pdf

data: $(READY)  ## say what the real data sets are, what is there, and fetch CholecSeg8k after a yes (FROM=hub or kaggle, YES=1, DATA=...)
	@$(BIN)/python data/fetch.py --data="$$DATA" --from="$${FROM:-hub}" --yes="$$YES"

study: $(STUDIED)  ## the study as a table of jobs, here or on Dask (PLAN=1 PROFILE=full ENCODERS=... REMEDIES=... SEEDS=... WEIGHTS=... ON=local WORKERS=4)
	@$(BIN)/python -m study $(call said,$(STUDY))

test: $(TESTED)  ## all tests
	@$(BIN)/python -m pytest -n "$$WORKERS" --dist worksteal

lab: $(READY)  ## JupyterLab on copies of the lessons in work/, which are yours and never overwritten
	@$(BIN)/python -m report.notebooks --copy
	@$(BIN)/jupyter lab --notebook-dir work work/00_start_here.ipynb

bench: $(TESTED)  ## how fast the course is on this machine: ratios to the bare work, each beside its limit (10 minutes)
	@$(BIN)/python -m benchmarks.speed

notebooks: $(READY)  ## regenerate the .ipynb from the .py
	@$(BIN)/python -m report.notebooks

format: $(TESTED)  ## put every Python file into the one format (ruff, 88 columns)
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

published: $(READY)  ## fetch the published tables that lesson 05 re-examines, into data/published
	@$(BIN)/python -m helpers.published

setup: $(READY)  ## only install what lessons and report need

lock: $(READY)  ## write requirements.lock anew from the three requirements
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	  requirements.txt requirements-test.txt requirements-study.txt --output-file requirements.lock

store: $(READY)  ## say how large the store is
	@$(BIN)/python -m helpers.store

clean:     ## forget everything computed (data/store, or where COURSE_STORE points), keep data sets
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m helpers.store clear; else rm -rf data/store; fi
	rm -rf report/site report/site.new report/site.old report/pdf

# uv takes downloads from a cache that all clones share, and links rather than copies; pip is the way round where uv can't go.
$(READY): requirements.txt requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The course needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ...")'
	@echo "Setting up .venv (a few GB the first time, shared between clones after that)"
	@$(PYTHON) -m venv .venv || { echo "python3 -m venv failed: on Debian and Ubuntu install python3-venv, then try again"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
	@$(call install,-r requirements.txt -e .)
	@$(BIN)/python -m helpers.settings
	@touch $@

$(TESTED): $(READY) requirements-test.txt requirements-study.txt
	@$(call install,-r requirements.txt -r requirements-test.txt -r requirements-study.txt)
	@touch $@

$(STUDIED): $(READY) requirements-study.txt
	@$(call install,-r requirements.txt -r requirements-study.txt)
	@touch $@

install = $(BIN)/uv pip install --quiet --python $(BIN)/python -c requirements.lock $(1) \
  || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock $(1)
