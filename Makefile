# SPDX-License-Identifier: MIT
# The C layers alone, without Node: unit and net tests, plain and under
# sanitizers. BUILD = debug | asan | tsan | valgrind | coverage (or any other
# name: a folder of its own); CI=1 turns on -Werror.
#
# Tests read HOLDFAST_TEST_BUILD to do fewer rounds where they run slowly.

BUILD ?= debug
CC ?= cc
OUT := build/c-$(BUILD)
V ?= 0
Q := $(if $(filter 0,$(V)),@)

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
  -Wmissing-prototypes -Wimplicit-fallthrough -Wswitch-enum -Wvla
ifeq ($(CI),1)
WARN += -Werror
endif

SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
SAN_tsan := -fsanitize=thread
SAN_coverage := --coverage
SAN_fuzz := -fsanitize=fuzzer-no-link,address,undefined \
  -fno-sanitize-recover=all
SAN := $(SAN_$(BUILD))
OPT_debug := -O1
OPT_asan := -O1 -fno-omit-frame-pointer
OPT_fuzz := -O1 -fno-omit-frame-pointer
OPT_tsan := -O1 -fno-omit-frame-pointer
OPT_valgrind := -O1
OPT_coverage := -O0

CFLAGS_ALL := -std=c11 -g $(OPT_$(BUILD)) $(WARN) $(SAN) -fvisibility=hidden \
  -fPIC -Inative/include -Inative $(CFLAGS)
# The system's, or what scripts/stand-ins.js built in their place.
ifneq ($(wildcard build/parts),)
PQ_CFLAGS = -DHF_STATIC_LIBPQ -Ibuild/parts/include
PQ_LIBS = -Lbuild/parts/lib -lpq -lpgcommon_shlib -lpgport_shlib -lssl -lcrypto
else
PQ_CFLAGS = $(shell pkg-config --cflags libpq libssl libcrypto)
PQ_LIBS = $(shell pkg-config --libs libpq libssl libcrypto)
endif
ifneq ($(wildcard build/test-libraries),)
UV_CFLAGS = -Ibuild/test-libraries/include
UV_LIBS = -Lbuild/test-libraries/lib -luv
else
UV_CFLAGS = $(shell pkg-config --cflags libuv)
UV_LIBS = $(shell pkg-config --libs libuv)
endif
TEST_LIBRARIES := build/test-libraries/lib
CMOCKA_LIBS = $(if $(wildcard $(TEST_LIBRARIES)),\
  -L$(TEST_LIBRARIES) -Wl$(comma)-rpath$(comma)$(abspath $(TEST_LIBRARIES))) \
  -lcmocka
comma := ,
NET_CFLAGS := -D_POSIX_C_SOURCE=200809L

# Files of these folders and all below them: find_in <folders> <name>
find_in = $(sort $(shell find $(1) -name '$(2)'))
CORE_SRC := $(call find_in,native/core,*.c)
NET_SRC := $(call find_in,native/net,*.c)
UNIT_SRC := $(call find_in,test/unit,test_*.c)
UNIT_SUPPORT := $(filter-out $(UNIT_SRC),$(call find_in,test/unit,*.c))
NET_TEST_SRC := $(call find_in,test/net,test_*.c)
# Stands in front of the system's calls: for the one test that fails them.
NET_FAILING := test/net/support_failing.c
NET_SUPPORT := $(filter-out $(NET_TEST_SRC) $(NET_FAILING),\
  $(call find_in,test/net,*.c))

# Tests include what supports them by its bare name.
TEST_INC := $(addprefix -I,$(sort $(shell find test/unit test/net -type d))) \
  -Itest

obj = $(patsubst %.c,$(OUT)/%.o,$(1))
UNIT_BIN := $(patsubst %.c,$(OUT)/%,$(UNIT_SRC))
NET_BIN := $(patsubst %.c,$(OUT)/%,$(NET_TEST_SRC))
# Tests of one suite to run: make unit ONLY=test_pool
ONLY ?=
pick = $(if $(ONLY),$(filter %/$(ONLY),$(1)),$(1))

# What each build runs its programs under.
export ASAN_OPTIONS ?= abort_on_error=1:detect_leaks=1
export UBSAN_OPTIONS ?= print_stacktrace=1
export TSAN_OPTIONS ?= halt_on_error=1:second_deadlock_stack=1:suppressions=$(CURDIR)/test/tsan.supp
VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full \
  --errors-for-leak-kinds=definite,possible
# The seconds one test program may take.
LIMIT ?= $(if $(filter valgrind tsan,$(BUILD)),600,180)
RUN = timeout -k 5 $(LIMIT) $(if $(filter valgrind,$(BUILD)),$(VALGRIND))

.PHONY: all lib unit net musl check-asan check-tsan check-valgrind coverage tidy \
  calls format format-check cppcheck clean
.SECONDARY:
all: lib

lib: $(OUT)/libcore.a $(OUT)/libnet.a

$(OUT)/libcore.a: $(call obj,$(CORE_SRC))
$(OUT)/libnet.a: $(call obj,$(NET_SRC))
$(OUT)/%.a:
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/native/core/%.o: native/core/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -pedantic -MMD -MP -c $< -o $@

$(OUT)/native/net/%.o: native/net/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(NET_CFLAGS) $(PQ_CFLAGS) $(UV_CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/test/unit/%.o: test/unit/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -D_POSIX_C_SOURCE=200809L $(UV_CFLAGS) $(TEST_INC) -MMD -MP \
	  -c $< -o $@

$(OUT)/test/net/%.o: test/net/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(NET_CFLAGS) $(PQ_CFLAGS) $(UV_CFLAGS) $(TEST_INC) -MMD -MP \
	  -c $< -o $@

$(UNIT_BIN): %: %.o $(call obj,$(UNIT_SUPPORT)) \
    $(OUT)/libcore.a
	$(Q)$(CC) $(SAN) $^ $(CMOCKA_LIBS) -lm -o $@

$(NET_BIN): %: %.o $(call obj,$(NET_SUPPORT)) \
    $(OUT)/libnet.a $(OUT)/libcore.a
	$(Q)$(CC) $(SAN) $^ $(PQ_LIBS) $(UV_LIBS) $(CMOCKA_LIBS) -lpthread -lm -o $@

$(OUT)/test/net/engine/test_torture_system: $(call obj,$(NET_FAILING))

# One target for each run, so that `make -k` goes on after a failed one.
UNIT_RUNS := $(addsuffix .run,$(call pick,$(UNIT_BIN)))
NET_RUNS := $(addsuffix .run,$(call pick,$(NET_BIN)))
.PHONY: $(UNIT_RUNS) $(NET_RUNS)
$(UNIT_RUNS) $(NET_RUNS): %.run: %
	$(Q)HOLDFAST_TEST_BUILD=$(BUILD) $(RUN) $<

unit: $(UNIT_RUNS)
net: $(NET_RUNS)

check-asan:
	$(Q)$(MAKE) -k --no-print-directory BUILD=asan unit net

# The suites as programs of musl, with the libpq and the OpenSSL of a release.
musl:
	$(Q)node scripts/test-musl.js

# Only net has threads.
check-tsan:
	$(Q)$(MAKE) -k --no-print-directory BUILD=tsan net

check-valgrind:
	$(Q)$(MAKE) -k --no-print-directory BUILD=valgrind unit

# Line coverage of core by the unit tests.
coverage:
	$(Q)$(MAKE) --no-print-directory BUILD=coverage unit
	$(Q)gcovr -r . --object-directory build/c-coverage -f native/core \
	  --print-summary

# A target for each file, so that they are checked side by side.
TIDY_CORE := $(addsuffix .tidy,$(CORE_SRC))
TIDY_NET := $(addsuffix .tidy,$(NET_SRC))
.PHONY: $(TIDY_CORE) $(TIDY_NET)
tidy: $(TIDY_CORE) $(TIDY_NET)
$(TIDY_CORE): %.tidy: %
	$(Q)clang-tidy --quiet $< -- -std=c11 -Inative/include -Inative
$(TIDY_NET): %.tidy: %
	$(Q)clang-tidy --quiet $< -- -std=c11 $(NET_CFLAGS) -Inative/include \
	  -Inative $(PQ_CFLAGS) $(UV_CFLAGS)

# Who calls whom; refuses circles.
calls: lib
	$(Q)scripts/check-calls $(OUT)

# libFuzzer over test/fuzz: make fuzz-scan SECONDS=1200; fuzz-all runs each in
# turn. What it finds stays in build/fuzz; inputs worth keeping go to
# test/fuzz/corpus.
SECONDS ?= 60
SEED ?= 0
FUZZERS := scan encoder ops
FUZZ_SRC_ops := test/net/support_server.c test/net/support_server_wire.c
FUZZ_FLAGS := -std=c11 -g -O1 $(NET_CFLAGS) \
  -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
  -Inative/include -Inative $(TEST_INC)
.PHONY: fuzz-all fuzz-lib
fuzz-lib:
	$(Q)$(MAKE) --no-print-directory BUILD=fuzz CC=clang lib
fuzz-%: test/fuzz/%.c fuzz-lib
	$(Q)mkdir -p build/fuzz/$*/corpus
	$(Q)clang $(FUZZ_FLAGS) $(PQ_CFLAGS) $(UV_CFLAGS) $< $(FUZZ_SRC_$*) \
	  build/c-fuzz/libnet.a build/c-fuzz/libcore.a $(PQ_LIBS) $(UV_LIBS) -lpthread -lm \
	  -o build/fuzz/$*/run
	$(Q)cd build/fuzz/$* && ./run -max_total_time=$(SECONDS) -seed=$(SEED) \
	  -timeout=30 -max_len=8192 -print_final_stats=1 corpus \
	  $(CURDIR)/test/fuzz/corpus/$*
fuzz-all:
	$(Q)for name in $(FUZZERS); do \
	  $(MAKE) --no-print-directory fuzz-$$name || exit 1; done

FORMAT_SRC := $(foreach kind,*.[ch] *.cc,\
  $(call find_in,native test/unit test/net test/fuzz,$(kind)))
format:
	$(Q)clang-format -i $(FORMAT_SRC)

format-check:
	$(Q)clang-format --dry-run --Werror $(FORMAT_SRC)

cppcheck:
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	  --enable=warning,performance,portability --suppress=missingIncludeSystem \
	  -Inative/include -Inative native/core native/net

clean:
	$(Q)rm -rf build/c-*

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
