# What is run: tests, simulation, benchmarks, fuzzers, checks. Included by the top Makefile.

.PHONY: docs test test-run test-build check lint format sim fuzz fuzz-build bench deps-test

test: ## install what is missing, then run every test: unit, property, simulation, integration; sanitized
	@deploy/local/deps build test
	@$(MAKE) --no-print-directory -j$(shell nproc) all build/release/tests/sim/sim
	@$(MAKE) --no-print-directory -j$(shell nproc) VARIANT=asan test-build
	@$(MAKE) --no-print-directory -j$(shell nproc) VARIANT=tsan $(TSAN_TESTS:%=build/tsan/%)
	@$(MAKE) --no-print-directory -j$(shell nproc) fuzz-build
	@tests/run

TSAN_TESTS := $(patsubst %.c,%,$(wildcard tests/unit/*/test_*_threads.c))

test-build: $B/haul $(BIN_unit) $(BIN_tools) $B/tests/sim/sim $B/tests/oracle/oracle

check: ## run the checks of layers and banned calls on what is built
	@tests/checks/layers build/release
	@tests/checks/banned

lint: check ## checks, clang-format and shellcheck
	@clang-format-14 --dry-run --Werror $$(git ls-files '*.c' '*.h')
	@shellcheck -S warning $$(git ls-files | xargs grep -lE '^#!.*(bash|/sh)' | grep -vE '\.(c|h|md)$$')

format: ## lay out all C files with clang-format
	@clang-format-14 -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

docs: $B/haul ## write again what is generated from the tables: config/haul.yaml, its schema, the reference
	@HAUL=$< tests/checks/generate config

sim: $B/tests/sim/sim ## run the simulated world over seeds: make sim SEEDS=1000
	@$< --seeds $(SEEDS)

FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang
fuzz: fuzz-build ## run each fuzzer for FUZZ_SECONDS (60), two at a time
	@tests/fuzz/run $(FUZZ_SECONDS) $(SRC_fuzz:%.c=build/fuzz/%)
fuzz-build:
	@$(MAKE) -s --no-print-directory VARIANT=fuzz CC="$(FUZZ_CC)" $(SRC_fuzz:%.c=build/fuzz/%)

.PHONY: bench-solver
bench-solver: $B/tests/bench/solver/bench_solver ## gaps to the best known values: make bench-solver DATA=../shared/data [SET=x EVERY=5]
	@$< $(DATA) $(if $(SET),--set $(SET)) $(if $(EVERY),--every $(EVERY)) $(if $(SECONDS),--seconds $(SECONDS))
.PHONY: bench-solver-large
bench-solver-large: $B/tests/bench/solver/bench_large ## 10,000 stops: CPU time to a feasible plan, peak memory, what more time makes of it
	@$<
.PHONY: bench-detect
BENCH_detect := $(addprefix $B/tests/bench/detect/bench_,methods nab budget i24)
bench-detect: $(BENCH_detect) ## detectors: cost, NAB, alert budgets, a day of freeway incidents (DATA=folder)
	@nice -n 10 $B/tests/bench/detect/bench_methods
	@nice -n 10 $B/tests/bench/detect/bench_nab $(DATA)/nab
	@nice -n 10 $B/tests/bench/detect/bench_budget $(DATA)/nab
	@nice -n 10 $B/tests/bench/detect/bench_i24 $(DATA)/i24

.PHONY: demo demo-stop
demo: ## the main job on this machine: broker, Redis, a province of vehicles, the processors; says what to look at
	@deploy/local/deps build demo
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@deploy/local/demo start

demo-stop: ## end what `make demo` started, and only that
	@deploy/local/demo stop

.PHONY: chaos
CHAOS_ROUNDS ?= 400
chaos: ## real processes on a real broker and Redis, killed for an hour: make chaos CHAOS_ROUNDS=400 CHAOS_SEED=1
	@$(MAKE) --no-print-directory VARIANT=chaos build/chaos/haul $(SRC_tools:%.c=build/chaos/%)
	@VARIANT=chaos CHAOS_ROUNDS=$(CHAOS_ROUNDS) CHAOS_SECONDS=86400 tests/integration/test_chaos

.PHONY: soak
soak: all $(SRC_tools:%.c=build/release/%) ## ten minutes of 30 million records, with churn of vehicles, reloads and rebalances; then ten million new ids
	@tests/integration/soak

.PHONY: bench-redis
bench-redis: $B/tests/bench/sinks/bench_redis ## what a commit to Redis costs, with the fence and without it
	@$<

.PHONY: bench
bench: all $(BIN_bench) ## the main job measured, everything on this machine: drain, latency, memory (QUICK=1 for a tenth)
	@tests/bench/run
.PHONY: bench-geo
BENCH_geo := $(addprefix $B/tests/bench/geo/bench_,cch roads scale match)
bench-geo: $(BENCH_geo) ## roads: Luxembourg's 100,000 answers, imports against a plain search, millions of arcs, Kubicka's tracks (DATA=folder)
	@nice -n 10 $B/tests/bench/geo/bench_cch $(DATA)
	@nice -n 10 $B/tests/bench/geo/bench_roads $(DATA)
	@nice -n 10 $B/tests/bench/geo/bench_scale $(DATA)
	@mkdir -p $B/kubicka && tar -xJf $(DATA)/kubicka/kubicka-50.tar.xz -C $B/kubicka
	@nice -n 10 $B/tests/bench/geo/bench_match $B/kubicka all

.PHONY: bench-coldchain
bench-coldchain: $B/tests/bench/domains/bench_coldchain ## real food tags through the cold chain, verdict beside label (DATA=folder)
	@$< $(DATA)/coldchain gb31605_chilled
	@$< $(DATA)/coldchain vaccine_2_8

.PHONY: bench-warehouse
bench-warehouse: $B/tests/bench/domains/bench_warehouse ## one hub at 10,000 readings a second, 500 hubs at 100 each: CPU time a reading
	@nice -n 10 $<
