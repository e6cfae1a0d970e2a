# The simulation (tests/sim/README.md): production objects, with what would block a thread or make two
# runs differ replaced by the linker.  net.c defines zmq_* and zap_*, so neither libzmq nor zap.o is linked.
SIM_WRAPS := pthread_mutex_init pthread_mutex_destroy pthread_mutex_lock pthread_mutex_unlock \
             pthread_cond_init pthread_cond_destroy pthread_cond_wait pthread_cond_timedwait \
             pthread_cond_signal pthread_cond_broadcast pthread_create pthread_join pthread_self \
             pthread_sigmask eventfd signalfd epoll_create1 epoll_ctl poll read write close \
             clock_gettime exit _exit check_failed fault_point log_write channel_file_new \
             crypto_password_hash crypto_password_check outbox_put
SIM_OBJ   := $(patsubst tests/sim/%.c,$(OUT)/sim/%.o,$(wildcard tests/sim/*.c))
SIM_LIBS  := $(OUT)/libbroker.a $(SERVICES:%=$(OUT)/lib%.a) $(OUT)/libcommon.a
SIM_FLAGS := $(SIM_WRAPS:%=-Wl$(comma)--wrap=%) -lprotobuf-c -lsqlite3 -lsodium -lpthread -lm
SIM_SEES  := $(SEES_all:%=-Ilibcommon/%) -Iservices/broker -Iservices/identity
SEEDS     ?= 1-1000
SIM_JOBS  ?= $(shell nproc)

.PHONY: sim sim-mutants
sim: $(OUT)/bin/sim
	@$< --jobs $(SIM_JOBS) $(SEEDS)

# Plants bugs, one at a time; MUTANTS='name name' chooses.
sim-mutants: $(OUT)/bin/sim
	@tests/sim/mutants.sh $(OUT) 1000 $(SIM_JOBS) '$(CC) $(ALL_CFLAGS) $(SIM_SEES)' \
	    '$(CC) $(ALL_CFLAGS) @MUTANT@ $(SIM_OBJ) $(SIM_LIBS) -o @OUT@ $(SIM_FLAGS)' $(MUTANTS)

$(OUT)/sim/%.o: tests/sim/%.c $(GEN_DONE)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/sim $(SIM_SEES) -MMD -MP -c $< -o $@

$(OUT)/bin/sim: $(SIM_OBJ) $(SIM_LIBS)
	@mkdir -p $(@D)
	$(call say,ld $@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(SIM_FLAGS)
