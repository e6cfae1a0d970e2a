# The simulation (tests/sim/README.md): production objects, with what would block or differ replaced
# by the linker.  zmq_* are defined by net.c and zap_* too, so neither libzmq nor zap.o is linked.
SIM_SRC   := $(wildcard tests/sim/*.c)
SIM_WRAPS := pthread_mutex_init pthread_mutex_destroy pthread_mutex_lock pthread_mutex_unlock \
             pthread_cond_init pthread_cond_destroy pthread_cond_wait pthread_cond_timedwait \
             pthread_cond_signal pthread_cond_broadcast pthread_create pthread_join pthread_self \
             pthread_sigmask eventfd signalfd epoll_create1 epoll_ctl poll read write close \
             clock_gettime exit _exit check_failed fault_point log_write channel_file_new \
             crypto_password_hash crypto_password_check outbox_put
SIM_LIBS  := $(OUT)/libbroker.a $(SERVICES:%=$(OUT)/lib%.a) $(OUT)/libcommon.a

$(OUT)/sim/%.o: tests/sim/%.c $(GEN_DONE)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/sim $(SEES_all:%=-Ilibcommon/%) -Iservices/broker -Iservices/identity -MMD -MP -c $< -o $@

$(OUT)/bin/sim: $(SIM_SRC:tests/sim/%.c=$(OUT)/sim/%.o) $(SIM_LIBS)
	@mkdir -p $(@D)
	$(call say,ld $@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(SIM_WRAPS:%=-Wl$(comma)--wrap=%) -lprotobuf-c -lsqlite3 -lsodium -lpthread -lm
