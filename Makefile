# The front door of Torimori. `make` alone lists what can be asked for.
# Everything behind it is meson; this file installs, configures and calls.

SHELL = /bin/sh
.DEFAULT_GOAL = help
MAKEFLAGS += --no-print-directory

PLAIN = build/plain
ASAN = build/asan
RESULTS = build/RESULTS
JOBS ?= 2

export LC_ALL = C.UTF-8
unexport CFLAGS CPPFLAGS LDFLAGS DESTDIR

.PHONY: help demo test proof bench build sanitized format docs clean install-build install-test install-proof

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name what; do \
	    printf '  make %-8s %s\n' "$$name" "$$what"; done

demo: install-demo build ## install, build and start Torimori beside a sample broker; prints where to look
	@examples/broker/demo $(PLAIN)/torimori

test: install-test build sanitized ## install what is missing and run every test (about 20 minutes)
	@tools/run-tests --house $(PLAIN) --rest $(ASAN) --results $(RESULTS)

proof: install-proof build sanitized ## the long proofs, resumable; one dated line each in docs/proof.md
	@tools/proof

bench: install-proof build ## measure, and print figures
	@test/bench/run $(PLAIN)/torimori

build: install-build $(PLAIN)/build.ninja ## the program as it is released, in build/plain
	@echo 'Building the program in $(PLAIN)'
	@ninja -C $(PLAIN) -j $(JOBS)

sanitized: install-test $(ASAN)/build.ninja
	@echo 'Building the program and its tests with sanitizers in $(ASAN)'
	@ninja -C $(ASAN) -j $(JOBS)

$(PLAIN)/build.ninja:
	@meson setup $(PLAIN) -Dtest_build=false -Dtests=false

# Sanitizers change what the optimiser sees, and gcc then warns of what cannot happen.
$(ASAN)/build.ninja:
	@meson setup $(ASAN) -Db_sanitize=address,undefined -Dwerror=false

install-build:
	@tools/apt build

install-demo:
	@tools/apt build run

install-test:
	@tools/apt build run test
	@tools/npm

install-proof: install-test
	@tools/apt proof

format: ## lay out all C files as .clang-format says
	@tools/format

docs: build ## write the generated documents anew
	@tools/generate $(PLAIN)
	@tools/compliance generate

clean: ## remove what was built
	rm -rf build node_modules .demo
