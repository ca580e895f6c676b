# haul: one Makefile. `make help` lists what there is.
#
# Variants: make VARIANT=release|asan|tsan|fuzz  (each builds in build/VARIANT). CC=clang works for all of them.
VARIANT ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
DATA    ?= ../shared/data
SEEDS   ?= 300
B       := build/$(VARIANT)
Q       := $(if $(V),,@)
comma   := ,

ifeq ($(origin CC),default)
CC := gcc
endif

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
        -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wswitch-enum -Wimplicit-fallthrough -Wdouble-promotion \
        -Wconversion -Wsign-conversion
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero \
          -D_FORTIFY_SOURCE=3 -fPIE
# clang before 16 takes the zero only with this flag beside it.
HARDEN += $(shell $(CC) -ftrivial-auto-var-init=zero -x c -c -o /dev/null /dev/null 2>/dev/null || \
            echo -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang)
LDHARDEN := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed

# Answers must be the same on every machine: no contraction, no fast-math, no -march=native.
BASEFLAGS := -std=gnu17 -g -pipe -pthread -ffp-contract=off -fno-strict-aliasing -Iinclude -I. $(WARN)

OPT_release := -O2 $(HARDEN)
LD_release  := $(LDHARDEN)
# Records pass through base, engine and domains: gcc compiles these as one, across their files, when a program is linked.
# (A sixth less CPU time a record; LTO= goes without, and links faster.)
LTO_release := $(if $(findstring gcc,$(CC)),-flto=auto)
# The loops of the search: up to an eighth less CPU time on small problems, and the same answers.
$B/obj/processors/solver/%.o: OPT_release += -O3
# released code with the points at which tests kill it
OPT_chaos   := $(OPT_release) -DHAUL_MUTATIONS
LD_chaos    := $(LDHARDEN)
OPT_asan    := -O1 -DHAUL_MUTATIONS -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LD_asan     := -fsanitize=address,undefined
OPT_tsan    := -O1 -fsanitize=thread -fno-omit-frame-pointer
LD_tsan     := -fsanitize=thread
OPT_fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LD_fuzz     := -fsanitize=fuzzer,address,undefined

CFLAGS  += -D_GNU_SOURCE $(BASEFLAGS) $(OPT_$(VARIANT))
LTO     ?= $(LTO_$(VARIANT))
AR_LTO  := $(if $(LTO),gcc-ar,ar)
LDFLAGS += -pthread $(LD_$(VARIANT)) $(if $(LTO),$(LTO) $(OPT_$(VARIANT)))

# ---- layers: each is a static library; a layer links only itself and what stands below it -------------------------
DOMAINS := $(filter-out base geo detect solver engine commands,$(notdir $(patsubst %/,%,$(wildcard processors/*/))))
DIRS_base    := processors/base
DIRS_geo     := processors/geo
DIRS_detect  := processors/detect
DIRS_solver  := processors/solver
DIRS_engine  := processors/engine
DIRS_ingest  := ingest $(patsubst %/,%,$(wildcard ingest/*/))
DIRS_sinks   := sinks/redis sinks/kafka sinks/file sinks/view
DIRS_domains := $(addprefix processors/,$(DOMAINS))
LAYERS := base geo detect solver engine ingest sinks domains

BELOW_base    := base
BELOW_geo     := geo base
BELOW_detect  := detect base
BELOW_solver  := solver base
BELOW_engine  := engine geo detect solver base
BELOW_ingest  := ingest engine geo detect solver base
BELOW_sinks   := sinks engine geo detect solver base
BELOW_domains := domains engine geo detect solver base
BELOW_commands := domains ingest sinks engine geo detect solver base

EXT_base    := -lxxhash -lm
EXT_geo     := -lgeos_c -lreadosm -ljansson $(EXT_base)
EXT_detect  := $(EXT_base)
EXT_solver  := -ljansson $(EXT_base)
EXT_engine  := -lfyaml -lmsgpackc -ljansson -lzstd $(EXT_geo)
EXT_ingest  := -lrdkafka $(EXT_engine)
EXT_sinks   := -lhiredis -lrdkafka -lmicrohttpd -lcurl $(EXT_engine)
EXT_domains := $(EXT_engine)
EXT_commands := -pthread -lrdkafka -lhiredis -lmicrohttpd -lcurl $(EXT_engine)

csrc = $(sort $(wildcard $(addsuffix /*.c,$(DIRS_$(1)))))
$(foreach l,$(LAYERS),$(eval SRC_$(l) := $(call csrc,$(l))))
$(foreach l,$(LAYERS),$(eval OBJ_$(l) := $(SRC_$(l):%.c=$B/obj/%.o)))
SRC_commands := $(sort $(wildcard processors/commands/*.c))
OBJ_commands := $(SRC_commands:%.c=$B/obj/%.o)
libs = $(foreach l,$(BELOW_$(1)),$B/lib/$(l).a)

# ---- tests: tests/unit/<layer>/test_x.c links that layer only; likewise tests/property/<layer>/ --------------------
TESTLAYERS := $(LAYERS) commands
SRC_unit := $(sort $(wildcard tests/unit/*/test_*.c tests/property/*/test_*.c))
BIN_unit := $(SRC_unit:%.c=$B/%)
SRC_fuzz := $(sort $(wildcard tests/fuzz/*/fuzz_*.c))
BIN_fuzz := $(SRC_fuzz:%.c=$B/%)
SRC_bench := $(sort $(wildcard tests/bench/*/bench_*.c))
BIN_bench := $(SRC_bench:%.c=$B/%)
SRC_tools := $(sort $(wildcard tests/tools/*.c))
BIN_tools := $(SRC_tools:%.c=$B/%)
SRC_sim := $(sort $(wildcard tests/sim/*.c))
OBJ_sim := $(SRC_sim:%.c=$B/obj/%.o)
OBJ_oracle := $(patsubst %.c,$B/obj/%.o,$(wildcard tests/oracle/*.c))
# helpers shared by the tests of a layer: tests/unit/<layer>/support_*.c
support = $(patsubst %.c,$B/obj/%.o,$(wildcard tests/unit/$(1)/support_*.c))

.PHONY: all help
all: $B/haul ## build haul (release, hardened, with symbols) into build/release/haul

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 16

$B/haul: $(OBJ_commands) $(call libs,commands)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(OBJ_commands) -Wl,--start-group $(call libs,commands) -Wl,--end-group $(EXT_commands)

$(OBJ_base) $(OBJ_engine) $(OBJ_domains): CFLAGS += $(LTO)

$B/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo 'cc  $<'
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

define layer_lib
$B/lib/$(1).a: $$(OBJ_$(1))
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@
	$$(Q)$(AR_LTO) rcsD $$@ $$(OBJ_$(1))
endef
$(foreach l,$(LAYERS),$(eval $(call layer_lib,$(l))))

define layer_tests
$B/tests/unit/$(1)/%: $B/obj/tests/unit/$(1)/%.o $(call support,$(1)) $(call libs,$(1))
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $(call libs,$(1)) -Wl,--end-group -lcmocka $$(EXT_$(1))
$B/tests/property/$(1)/%: $B/obj/tests/property/$(1)/%.o $(call support,$(1)) $(call libs,$(1))
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $(call libs,$(1)) -Wl,--end-group -lcmocka $$(EXT_$(1))
$B/tests/bench/$(1)/%: $B/obj/tests/bench/$(1)/%.o $(call libs,$(1))
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $(call libs,$(1)) -Wl,--end-group $$(EXT_$(1))
$B/tests/fuzz/$(1)/%: $B/obj/tests/fuzz/$(1)/%.o $(call libs,$(1))
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $(call libs,$(1)) -Wl,--end-group $$(EXT_$(1))
endef
$(foreach l,$(TESTLAYERS),$(eval $(call layer_tests,$(l))))
.SECONDARY:

$B/tests/sim/sim: $(OBJ_sim) $(call libs,sinks)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(OBJ_sim) -Wl,--start-group $(call libs,sinks) -Wl,--end-group $(EXT_sinks)

# The oracle brings its own haul_task_* and haul_entity_*: of the engine only the decoder and the options are linked.
$B/tests/oracle/oracle: $(OBJ_oracle) $(call libs,commands)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(OBJ_oracle) -Wl,--start-group $(call libs,commands) -Wl,--end-group $(EXT_commands)

# what integration tests use: each a program of its own
$B/tests/tools/%: $B/obj/tests/tools/%.o $(call libs,commands)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(call libs,commands) -Wl,--end-group $(EXT_commands)

-include $(patsubst %.o,%.d,$(foreach l,$(LAYERS) commands sim oracle,$(OBJ_$(l)))) \
         $(patsubst %.c,$B/obj/%.d,$(SRC_unit) $(SRC_fuzz) $(SRC_bench) $(SRC_tools) \
            $(wildcard tests/unit/*/support_*.c))

include tests/targets.mk

.PHONY: install clean
install: all ## install haul under PREFIX (default /usr/local), honouring DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/haul $(DESTDIR)$(PREFIX)/share/doc/haul
	install -m 0755 $B/haul $(DESTDIR)$(PREFIX)/bin/haul
	cp -R config/. $(DESTDIR)$(PREFIX)/share/haul/
	install -m 0644 README.md $(DESTDIR)$(PREFIX)/share/doc/haul/

clean: ## remove what was built
	rm -rf build
