/* hash_floor.c - how many passwords a second this machine can hash, and do nothing else.
 *
 *   hash_floor THREADS SECONDS
 *
 * The floor that password logins are measured against: Argon2id m = 7 MiB, t = 5, p = 1, on as many
 * threads as the identity service has readers.  Prints one line of JSON. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "check.h"
#include "clock.h"
#include "crypto.h"

#define THREADS_MAX 64

static atomic_bool stop;
static atomic_long hashes;

static void *hash_on(void *arg)
{
    char hash[CRYPTO_PASSWORD_SIZE];
    (void) arg;
    while (!atomic_load(&stop)) {
        CHECK(crypto_password_hash("correct-horse-battery", hash) == STATUS_OK);
        atomic_fetch_add(&hashes, 1);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    long count = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
    long seconds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (count < 1 || count > THREADS_MAX || seconds < 1) {
        fprintf(stderr, "usage: hash_floor THREADS SECONDS\n");
        return 2;
    }
    crypto_init();
    int64_t begin_us = clock_mono_us(), end_us = begin_us + seconds * INT64_C(1000000);
    for (long i = 0; i < count; i++)
        CHECK(pthread_create(&threads[i], NULL, hash_on, NULL) == 0);
    while (clock_mono_us() < end_us)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    atomic_store(&stop, true);
    for (long i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    double spent = (double) (clock_mono_us() - begin_us) / 1e6;
    printf("{\"hashes_per_second\":%.1f,\"threads\":%ld}\n", (double) atomic_load(&hashes) / spent,
           count);
    return 0;
}
