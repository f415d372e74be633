# make run        five nodes in the foreground, until Ctrl-C (release build)
# make demo       two tours on real clusters, every claim checked; exit code 0 only if all held
# make release    the optimised binary: .build/release/coterie
# make build      the debug build
# make test       all tests, in two passes, then make sim; a few minutes after the builds
# make check      lint, import check, rules of the house, links: what a review would ask for
# make lint       the formatter's opinion, changing nothing
# make format     the formatter's will
# make bench      throughput and latency of a cluster of three, with and without fsync (BENCH_FLAGS="…")
# make sim        a swarm of simulated clusters under faults, a minute long, its seeds from the commit (FROM=n: from there)
# make random     the random tests of single modules with more seeds (SEEDS=n multiplies them)
# make digests    notes the digests of simulated runs, after a change of what a run does
# make scenario   the stories of Scenarios/ on the simulator, and directed schedules (SEEDS=n seeds each)
# make scenario-processes   the scenarios on clusters of real processes (release build)
# make soak       what takes longer: many seeds, many kills, many keys (MINUTES=n of the swarm, 30)
# make deletes    a million deletes on real processes, and what they leave on disk
# make trouble    five real nodes under load: each killed, halted, restarted, then parted 2|3; what is refused, how it heals
# make catch-up   a node that was away while keys changed: seconds and bytes until it has them
# make deps       what a fresh machine needs: checks Swift, installs zlib's headers or names them
# make browser    Chromium and its driver, which the test of the cart's page needs: installs them or names them
# make clean      removes build products (never a cluster's data)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

SWIFT ?= swift
# One more folder than .build, if given: SCRATCH=/elsewhere
BUILD := $(if $(SCRATCH),--scratch-path $(SCRATCH))
PRODUCTS := $(or $(SCRATCH),.build)
OS := $(shell uname -s)
# Linux: a binary that needs no Swift runtime and starts in milliseconds.
STATIC := $(if $(filter Linux,$(OS)),--static-swift-stdlib)
COTERIE := $(PRODUCTS)/release/coterie
SEEDS ?= 10
MINUTES ?= 30
# Each commit explores seeds of its own, always the same: ten thousand for each beginning of its hash.
COMMIT := $(shell git rev-parse --short=7 HEAD 2>/dev/null | cut -c1-7)
FROM ?= $(if $(COMMIT),$(shell echo $$((0x$(COMMIT) * 10000))),1)
DIGESTS := Tests/CoterieSimulationTests/digests.txt
BENCH ?=
BENCH_FLAGS ?= --r 2 --w 2
# Every debug build has this check, so that no target has to build anew what another has built.
CHECKED := --explicit-target-dependency-import-check error
# Modules whose tests wait for sockets, processes and disks. They run one at a time, with the machine to themselves;
# all others, these or those yet to be written, run side by side in a pass of their own, busy with nothing but computing.
WAITING := ^Coterie(Transport|HTTP|Client|CommandLine|DataCommand|FileDisk)Tests\.

define both-passes
	$(SWIFT) build $(BUILD) $(CHECKED) --build-tests
	$(SWIFT) test $(BUILD) --skip-build --skip '$(WAITING)'
	$(SWIFT) test $(BUILD) --skip-build --filter '$(WAITING)' --no-parallel
endef

.PHONY: help run demo release build test check lint format bench sim random digests scenario scenario-processes soak \
    deletes trouble catch-up deps browser clean

help:
	@sed -n 's/^# make /make /p' Makefile

run: release
	@$(COTERIE) local up --nodes 5

demo: release
	@$(COTERIE) demo
	@$(COTERIE) cart demo

release: deps
	$(SWIFT) build $(BUILD) -c release --product coterie $(STATIC)

build: deps
	$(SWIFT) build $(BUILD) $(CHECKED)

# The crash test of the store kills a process of its own: this one.
test: export COTERIE_CRASH_WRITER = $(abspath $(PRODUCTS))/debug/coterie storage crash-writer
test: export COTERIE_CRASH_ROUNDS ?= 100
# The swarm runs in the optimised binary, which `make demo` needs too: in the time of two hundred seeds of the debug build
# it does thousands.
test: deps
	$(both-passes)
	@$(MAKE) --no-print-directory sim

check: deps lint
	$(SWIFT) build $(BUILD) $(CHECKED) --build-tests
	$(SWIFT) test $(BUILD) --skip-build --filter CoteriePurityTests

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

format:
	$(SWIFT) format format --in-place --recursive --parallel Package.swift Sources Tests

# Three nodes, N=3, R=W=2, values of 100 bytes; once acknowledged when fsynced, once when handed to the system.
bench: release
	@for durability in fsync os; do \
	    data=$$(mktemp -d); \
	    trap "$(COTERIE) local down --data $$data/c >/dev/null 2>&1 || true; rm -rf $$data" EXIT; \
	    $(COTERIE) local up --data $$data/c --nodes 3 --base-port 0 --durability $$durability --detach >/dev/null; \
	    echo "== durability $$durability"; \
	    $(COTERIE) bench --data $$data/c $(BENCH_FLAGS); \
	    $(COTERIE) local down --data $$data/c >/dev/null; \
	    rm -rf $$data; \
	done

sim: release
	@$(COTERIE) sim digests --compare $(DIGESTS)
	$(COTERIE) sim swarm --from $(FROM) --seeds 10000 --minutes 1

digests: release
	$(COTERIE) sim digests > $(DIGESTS).new
	mv $(DIGESTS).new $(DIGESTS)

random: deps
	COTERIE_SOAK=$(SEEDS) COTERIE_SEEDS=$(SEEDS) $(SWIFT) test $(BUILD) \
	    --filter 'CoterieStorageTests.CrashTests|CoterieReplicationTests.RandomHistoryTests|CoterieClientMachineTests.Random|CoterieLawsTests.BuiltInTests'

scenario: release
	$(COTERIE) scenario run Scenarios --seeds $(SEEDS)
	$(SWIFT) test $(BUILD) --filter 'CoterieReplicationTests.(FailureTests|RefillTests|ForwardTests|RefusalTests)'

scenario-processes: release
	@$(COTERIE) scenario run Scenarios --on processes

soak: export COTERIE_SOAK = 100
soak: export COTERIE_SEEDS = 200
soak: export COTERIE_CRASH_ROUNDS = 1000
soak: export COTERIE_CRASH_WRITER = $(abspath $(COTERIE)) storage crash-writer
soak: release
	$(both-passes)
	$(COTERIE) sim swarm --from $(FROM) --minutes $(MINUTES)
	@$(COTERIE) demo --keys 100000 --seconds 60
	@$(MAKE) --no-print-directory deletes
	@$(MAKE) --no-print-directory trouble
	@$(MAKE) --no-print-directory catch-up

# Starts a local cluster of its own for one command, and takes it away again: options of the cluster, the command.
define on-a-cluster
	@data=$$(mktemp -d); \
	trap "$(COTERIE) local down --data $$data/c >/dev/null 2>&1 || true; rm -rf $$data" EXIT; \
	$(COTERIE) local up --data $$data/c --base-port 0 --detach $(1) >/dev/null; \
	$(COTERIE) $(2) --data $$data/c
endef

# A million deletes leave no more than a constant: the segment that is written, those that wait for a checkpoint.
deletes: release
	$(call on-a-cluster,--nodes 3 --durability os --storage-segment-bytes 8MiB --storage-checkpoint-bytes 8MiB \
	    --replication-round-interval 1s --replication-markers-remembered 1000000,storage deletes --keys 1000000 \
	    --most 40000000)

# Five real processes under load; of writes sent to a node that lives none may be refused.
trouble: release
	$(call on-a-cluster,--nodes 5 --allow-faults,storage trouble)

# With three nodes and three replicas there are no fallbacks: what is missed comes by anti-entropy alone.
PRESENT ?= 100000
CHANGED ?= 100000
catch-up: release
	$(call on-a-cluster,--nodes 3 --durability os,storage catch-up --present $(PRESENT) --changed $(CHANGED))

deps:
	@command -v $(SWIFT) >/dev/null || { \
	    echo "Swift 6.2 or later is needed and not found: see https://www.swift.org/install"; exit 1; }
	@$(SWIFT) --version 2>/dev/null | grep -Eq 'Swift version (6\.([2-9]|[1-9][0-9])|[7-9]|[1-9][0-9])' || { \
	    echo "Swift 6.2 or later is needed; this is: $$($(SWIFT) --version 2>/dev/null | head -1)"; exit 1; }
ifeq ($(OS),Darwin)
	@xcrun --show-sdk-path >/dev/null 2>&1 || { \
	    echo "zlib's headers are part of the command line tools: xcode-select --install"; exit 1; }
else
	@if ! printf '#include <zlib.h>\n' | $$(command -v clang || command -v cc) -E - >/dev/null 2>&1; then \
	    if ! command -v apt-get >/dev/null; then \
	        echo "zlib's headers are missing: install zlib-devel (Fedora: sudo dnf install zlib-devel)"; exit 1; \
	    elif [ "$$(id -u)" = 0 ]; then \
	        apt-get update -qq && apt-get install -y -qq --no-install-recommends zlib1g-dev pkg-config; \
	    elif sudo -n true 2>/dev/null; then \
	        sudo apt-get update -qq && sudo apt-get install -y -qq --no-install-recommends zlib1g-dev pkg-config; \
	    else \
	        echo "zlib's headers are missing: sudo apt-get install zlib1g-dev"; exit 1; \
	    fi; \
	fi
endif

# Without it that test is left out, but where COTERIE_BROWSER=required says that it must not be.
browser:
	@if ! command -v chromedriver >/dev/null; then \
	    if ! command -v apt-get >/dev/null; then \
	        echo "chromedriver is missing: install Chromium and its driver"; exit 1; \
	    elif [ "$$(id -u)" = 0 ]; then \
	        apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null; \
	    elif sudo -n true 2>/dev/null; then \
	        sudo apt-get update -qq \
	            && sudo apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null; \
	    else \
	        echo "chromedriver is missing: sudo apt-get install chromium-driver"; exit 1; \
	    fi; \
	fi

clean:
	rm -rf $(PRODUCTS)
