# yiwang: build, run and test.  `make help` lists what there is.
#
# Layers are kept by -I: a folder sees itself and what SEES_ names, no more.
# Variants live side by side: make SAN=address,undefined test, make SAN=thread test,
# make CC=clang.

SHELL    := /bin/bash
comma    := ,
VARIANT  := $(if $(SAN),$(subst $(comma),-,$(SAN)),plain)$(if $(findstring clang,$(CC)),-clang)
OUT      := build/$(VARIANT)
GEN      := build/gen
SERVICES := identity catalog case
PROGRAMS := broker gateway $(SERVICES) yw

CFLAGS   ?= -O2 -g
ALL_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra $(CFLAGS) -fno-omit-frame-pointer \
            -fstack-protector-strong -DH2O_USE_LIBUV=0 -isystem $(GEN) \
            $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)
LDLIBS   := -lprotobuf-c -lsqlite3 -lsodium -lzmq -lpthread -lm
TSAN_OBJ := $(if $(findstring thread,$(SAN)),$(OUT)/libcommon/bus/tsan.o)
LDLIBS   += $(TSAN_OBJ)
LDLIBS_gateway := -lh2o-evloop -lssl -lcrypto -lz -lqrencode
LDLIBS_yw      := -lczmq -lssl -lcrypto

# `make V=1` shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)")

# Who sees whom.
SEES_base  :=
SEES_wire  := base
SEES_store := base wire
SEES_bus   := base wire
SEES_rpc   := base wire store bus
SEES_all   := base wire store bus rpc
lib_sees   = $(foreach d,$(1) $(SEES_$(1)),-Ilibcommon/$(d))

.PHONY: all help deps run stop demo check cost fault unit test browser screenshots lighthouse bench load fuzz fuzz-build requirements kits lock openapi-lint format clean
.DELETE_ON_ERROR:
.PRECIOUS: $(OUT)/%.o $(GEN)/%.c $(GEN)/%.schema.c

all: $(PROGRAMS:%=$(OUT)/bin/%)
	@:

# --- the contract -----------------------------------------------------------

PROTOS   := $(wildcard proto/yiwang/*.proto)
PROTO_I  := -Iproto -I/usr/include
PB_NAMES := $(PROTOS:proto/%.proto=%) google/protobuf/timestamp google/protobuf/descriptor
PB_C     := $(PB_NAMES:%=$(GEN)/%.pb-c.c)
YW_C     := $(GEN)/contract.c $(GEN)/rules.c $(GEN)/clients.c $(GEN)/process.svc.c $(SERVICES:%=$(GEN)/%.svc.c)
GEN_DONE := $(GEN)/.done

# gcc builds the compiler whatever the variant: it runs on the machine that builds.
$(GEN)/compiler/schema.pb-c.c: proto/compiler/schema.proto
	@mkdir -p $(@D)
	$(Q)protoc -Iproto/compiler --c_out=$(@D) $<

COMPILER_SRC := $(filter-out %_test.c,$(wildcard proto/compiler/*.c)) $(filter-out %_test.c %/test_main.c,$(wildcard libcommon/base/*.c))
build/protoc-gen-yw: $(COMPILER_SRC) $(wildcard proto/compiler/*.h libcommon/base/*.h) $(GEN)/compiler/schema.pb-c.c
	$(call say,cc $@)
	$(Q)gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -O1 -g -Iproto/compiler -Ilibcommon/base -isystem $(GEN)/compiler \
	    $(COMPILER_SRC) $(GEN)/compiler/schema.pb-c.c -o $@ -lprotobuf-c -lsodium -lpthread

# Numbers that were once given stay: `make lock` after each new field (proto/compiler/lock.h).
LOCK     := $(wildcard proto/fields.lock)
YW_PLUGIN := --plugin=protoc-gen-yw=build/protoc-gen-yw $(LOCK:%=--yw_opt=lock=%)
$(GEN_DONE): $(PROTOS) $(LOCK) build/protoc-gen-yw
	@mkdir -p $(GEN)
	$(call say,protoc $(PROTOS:proto/%=%))
	$(Q)protoc $(PROTO_I) --c_out=$(GEN) $(PROTOS) google/protobuf/timestamp.proto google/protobuf/descriptor.proto
	$(Q)protoc $(PROTO_I) $(YW_PLUGIN) --yw_out=$(GEN) $(PROTOS)
	@touch $@
$(PB_C) $(YW_C): $(GEN_DONE) ;
lock: build/protoc-gen-yw
	$(Q)protoc $(PROTO_I) $(YW_PLUGIN) --yw_opt=relock --yw_out=proto $(PROTOS)
# Needs npm and the network.
openapi-lint: $(GEN_DONE)
	npx --yes @redocly/cli@2.77.0 lint $(GEN)/openapi.json

$(OUT)/gen/%.o: $(GEN)/%.c $(GEN_DONE)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -w $(SEES_all:%=-Ilibcommon/%) -MMD -MP -c $< -o $@

# --- libcommon --------------------------------------------------------------

LIB_SRC  := $(filter-out %_test.c %/test_main.c,$(wildcard libcommon/*/*.c))
LIB_OBJ  := $(LIB_SRC:%.c=$(OUT)/%.o) $(PB_C:$(GEN)/%.c=$(OUT)/gen/%.o) $(OUT)/gen/contract.o $(OUT)/gen/rules.o $(OUT)/gen/clients.o $(OUT)/gen/process.svc.o

$(OUT)/libcommon/%.o: libcommon/%.c $(GEN_DONE)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(ALL_CFLAGS) $(call lib_sees,$(firstword $(subst /, ,$*))) -MMD -MP -c $< -o $@

$(OUT)/libcommon.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

# --- services ---------------------------------------------------------------

svc_src  = $(filter-out %_test.c %/main.c,$(wildcard services/$(1)/*.c))
svc_obj  = $(patsubst %.c,$(OUT)/%.o,$(call svc_src,$(1))) $(if $(filter $(1),$(SERVICES)),$(OUT)/gen/$(1).svc.o $(OUT)/gen/$(1).schema.o)

$(OUT)/services/%.o: services/%.c $(GEN_DONE)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(ALL_CFLAGS) -Iservices/$(firstword $(subst /, ,$*)) $(SEES_all:%=-Ilibcommon/%) -MMD -MP -c $< -o $@

# The gateway carries the contract for strangers inside.
$(OUT)/services/gateway/openapi.o: ALL_CFLAGS += -DOPENAPI_FILE='"$(GEN)/openapi.json"'

# Migrations become a C table, so a service is one file.
$(GEN)/%.schema.c: $(wildcard services/*/schema/*.sql) libcommon/store/embed.sh
	@mkdir -p $(@D)
	$(Q)libcommon/store/embed.sh $* services/$*/schema > $@

define service_rules
$(OUT)/lib$(1).a: $$(call svc_obj,$(1))
	@rm -f $$@
	$(Q)ar rcs $$@ $$^
$(OUT)/bin/$(1): $(OUT)/services/$(1)/main.o $(OUT)/lib$(1).a $(OUT)/libcommon.a
	@mkdir -p $$(@D)
	$$(call say,ld $$@)
	$(Q)$$(CC) $$(ALL_CFLAGS) $$^ -o $$@ $$(LDLIBS_$(1)) $$(LDLIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call service_rules,$(p))))

# --- unit tests: each x_test.c is a program ---------------------------------

UNIT_LIB := $(patsubst libcommon/%.c,$(OUT)/test/libcommon/%,$(wildcard libcommon/*/*_test.c))
UNIT_SVC := $(patsubst services/%.c,$(OUT)/test/services/%,$(wildcard services/*/*_test.c))
UNIT     := $(UNIT_LIB) $(UNIT_SVC)

$(OUT)/test/libcommon/%: $(OUT)/libcommon/%.o $(OUT)/libcommon/base/test_main.o $(OUT)/libcommon.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDLIBS)
.SECONDEXPANSION:
$(UNIT_SVC): $(OUT)/test/services/%: $(OUT)/services/%.o $(OUT)/libcommon/base/test_main.o $(OUT)/lib$$(firstword $$(subst /, ,$$*)).a $(OUT)/libcommon.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDLIBS_$(firstword $(subst /, ,$*))) $(LDLIBS)

unit: $(UNIT)

# --- instruction counts: tests/cost ---------------------------------------------

COST_SRC := $(wildcard tests/cost/cost_*.c)
COSTS    := $(COST_SRC:tests/cost/%.c=$(OUT)/cost/%)
$(COSTS): $(OUT)/cost/cost_%: tests/cost/cost_%.c tests/cost/cost.h $(OUT)/libcommon/base/test_main.o $(OUT)/lib$$*.a $(OUT)/libcommon.a
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/cost -Iservices/$* $(SEES_all:%=-Ilibcommon/%) $(filter-out %.h,$^) -o $@ $(LDLIBS)

# --- what people type ---------------------------------------------------------

YW     := $(OUT)/bin/yw
PYTHON := /usr/bin/python3
JOBS   := -j$(shell nproc)

help:
	@echo "make run            install what is missing, build, start, load starter data, say where to go"
	@echo "make stop           stop it"
	@echo "make demo           the main job, step by step, on the running platform"
	@echo "make test           all tests"
	@echo "make check          unit tests and golden files only"
	@echo "make browser        the tests in Chromium only; WORDS='page case' chooses by name"
	@echo "make screenshots    PNG of every page into build/screenshots"
	@echo "make lighthouse     Lighthouse's scores of the most used pages"
	@echo "make bench          measurements beside their floors"
	@echo "make fault          five minutes (FAULT_SECONDS) in which everything dies at random, then the books are compared"
	@echo "make cost           instructions of the most used methods, compared with tests/cost/table.txt"
	@echo "make sim            all services in one process, from seeds: SEEDS=1-1000"
	@echo "make sim-mutants    how many of the bugs planted the simulation finds"
	@echo "make fuzz           each fuzz target for FUZZ_SECONDS (60)"
	@echo "make requirements   each clause with the tests that prove it"
	@echo "make kits           Python and C kits for department systems"
	@echo "make lock           after each new field: takes its number down for ever"
	@echo "make install        binaries, pages, units into DESTDIR with PREFIX (/usr/local)"
	@echo "make compose-test   the containers: build, run, kill, upgrade; needs Docker or root to start it"
	@echo "make clean          all that was built; data/ and run/ stay"
	@echo "make compile_commands.json    for editors"
	@echo "make format         clang-format of all C files"
	@echo "variants: SAN=address,undefined  SAN=thread  CC=clang"

deps:
	@deploy/deps.sh build

# Two makes: what deps installs must be there before this file's wildcards are read.
run: deps
	@$(MAKE) --no-print-directory $(JOBS) all
	@deploy/run.sh $(YW)

stop:
	@if [ -x $(YW) ]; then $(YW) stop; fi

demo:
	@deploy/deps.sh demo
	@$(MAKE) --no-print-directory run
	@$(MAKE) --no-print-directory kits
	@$(PYTHON) tests/demo/demo.py

check: $(UNIT) build/protoc-gen-yw
	@tests/unit.sh $(UNIT)

test:
	@deploy/deps.sh test
	@$(MAKE) --no-print-directory $(JOBS) all unit kits fuzz-build $(COSTS) $(if $(SAN),,$(OUT)/bin/sim)
	@tests/run.sh $(OUT) $(FUZZ)

cost:
	@deploy/deps.sh test
	@$(MAKE) --no-print-directory $(JOBS) $(COSTS)
	@$(PYTHON) tests/cost/run.py $(OUT) $(COST)

FAULT_SECONDS ?= 300
fault:
	@deploy/deps.sh test
	@$(MAKE) --no-print-directory $(JOBS) all kits
	@FAULT_SECONDS=$(FAULT_SECONDS) $(PYTHON) tests/flow/run.py --out $(OUT) --folder tests/fault x0900

browser screenshots lighthouse:
	@deploy/deps.sh test
	@$(MAKE) --no-print-directory $(JOBS) all
	@$(PYTHON) tests/browser/run.py --out $(OUT) $(@:browser=test) $(WORDS)

bench:
	@deploy/deps.sh test
	@$(MAKE) --no-print-directory $(JOBS) all load
	@tests/load/run.sh $(OUT)

PREFIX ?= /usr/local
.PHONY: install compose-test
install: all
	@deploy/install.sh $(OUT) '$(DESTDIR)' '$(PREFIX)'

compose-test:
	@deploy/deps.sh demo
	@$(MAKE) --no-print-directory $(JOBS) kits
	@deploy/compose-test.sh

requirements:
	@deploy/deps.sh demo
	@$(PYTHON) tests/requirements.py

# --- kits for department systems: made from the contract, share no code with us ----

KIT_PY := build/kits/python
kits: $(KIT_PY)/.done $(OUT)/kits/example
$(KIT_PY)/.done: $(PROTOS) $(wildcard kits/python/*.py)
	@mkdir -p $(KIT_PY)
	$(call say,protoc $(KIT_PY))
	$(Q)protoc $(PROTO_I) --python_out=$(KIT_PY) $(PROTOS) protobuf-c/protobuf-c.proto
	$(Q)cp kits/python/*.py $(KIT_PY)/
	@touch $@
$(OUT)/kits/example: $(wildcard kits/c/*.[ch]) $(PB_C:$(GEN)/%.c=$(OUT)/gen/%.o) $(TSAN_OBJ)
	@mkdir -p $(@D)
	$(call say,ld $@)
	$(Q)$(CC) $(ALL_CFLAGS) -Ikits/c $(filter %.c %.o,$^) -o $@ -lprotobuf-c -lzmq -lczmq

# --- load generators and floors (tests/load/README.md) ----------------------------

LOAD := $(patsubst tests/load/%.c,$(OUT)/load/%,$(wildcard tests/load/*.c))
load: $(LOAD)
$(OUT)/load/%: tests/load/%.c $(OUT)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(SEES_all:%=-Ilibcommon/%) $^ -o $@ $(if $(findstring h2o,$*),$(LDLIBS_gateway)) $(LDLIBS)

# --- fuzzing: clang's libFuzzer on our own sources ----------------------------------

FUZZ_SECONDS ?= 60
FUZZ     := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SRC := $(LIB_SRC) $(PB_C) $(GEN)/contract.c $(GEN)/rules.c $(GEN)/clients.c $(GEN)/process.svc.c
FUZZ_CC  := clang -std=c11 -D_GNU_SOURCE -O1 -g -w -DH2O_USE_LIBUV=0 -fsanitize=fuzzer,address,undefined \
            -fno-sanitize-recover=all -isystem $(GEN)
# Sources of services that a target needs beside libcommon.
FUZZ_MORE_fuzz_http := $(addprefix services/gateway/,route.c transcode.c multipart.c problem.c cookie.c address.c)
FUZZ_MORE_fuzz_template := $(filter-out %_test.c,$(wildcard services/gateway/datum*.c services/gateway/template*.c services/gateway/pipe*.c))
FUZZ_MORE_fuzz_form := $(addprefix services/gateway/,form.c form_tree.c form_normal.c transcode.c multipart.c datum.c)
FUZZ_MORE_fuzz_import := $(addprefix services/catalog/,list.c row.c csv.c clean.c columns.c)
build/fuzz/obj/%.o: %.c $(GEN_DONE)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(SEES_all:%=-Ilibcommon/%) $(foreach d,$(PROGRAMS),-Iservices/$(d)) -MMD -MP -c $< -o $@
$(FUZZ): build/fuzz/%: build/fuzz/obj/tests/fuzz/%.o $(FUZZ_SRC:%.c=build/fuzz/obj/%.o) $$(addprefix build/fuzz/obj/,$$(addsuffix .o,$$(basename $$(FUZZ_MORE_$$*))))
	$(FUZZ_CC) $^ -o $@ $(LDLIBS)
fuzz-build: $(FUZZ)
fuzz:
	@deploy/deps.sh test
	@$(MAKE) --no-print-directory $(JOBS) fuzz-build
	@tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ)

# --- simulation: all services in one process, from one seed (tests/sim/README.md) ----------

include tests/sim/sim.mk

# --- keeping house --------------------------------------------------------------------

C_FILES := $(wildcard libcommon/*/*.[ch] services/*/*.[ch] proto/compiler/*.[ch] kits/c/*.[ch] tests/*/*.[ch])
format:
	@command -v clang-format >/dev/null || { echo "for this install clang-format: apt-get install clang-format" >&2; exit 1; }
	clang-format -i $(C_FILES)
# For editors: what make would say to the compiler, as JSON.
compile_commands.json: $(C_FILES) Makefile $(GEN_DONE)
	@$(MAKE) --no-print-directory -nB V=1 all unit | awk -v folder='$(CURDIR)' ' \
	    / -c [^ ]+ -o / { \
	        file = $$0; sub(/.* -c /, "", file); sub(/ .*/, "", file); gsub(/[\\"]/, "\\\\&"); \
	        printf "%s{\"directory\": \"%s\", \"file\": \"%s\", \"command\": \"%s\"}", n++ ? ",\n" : "[\n", folder, file, $$0 \
	    } \
	    END { print "\n]" }' > $@

clean:
	rm -rf build

-include $(shell find $(OUT) build/fuzz -name '*.d' 2>/dev/null)
