# SPDX-License-Identifier: Apache-2.0
# A thin front for CMake. `make demo` and `make test` do everything on a fresh Debian machine.
BUILD ?= build
MAKEFLAGS += --no-print-directory
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: all setup configure build test demo check install wheel clean
all: build

setup:
	@scripts/setup

configure: setup
	@cmake -S . -B $(BUILD) > $(BUILD)-configure.log 2>&1 || { cat $(BUILD)-configure.log; exit 1; }

build: configure
	@cmake --build $(BUILD) -j $(JOBS)

test: build
	@scripts/run-tests $(BUILD)

demo: configure
	@cmake --build $(BUILD) -j $(JOBS) --target solder_command sample_detect
	@scripts/demo $(BUILD)

check: build
	@scripts/check-layering && scripts/check-names && scripts/check-runtime $(BUILD)

wheel: setup
	@scripts/python-wheel

install: build
	cmake --install $(BUILD)

clean:
	rm -rf $(BUILD) $(BUILD)-configure.log
