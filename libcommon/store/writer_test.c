/* writer_test.c - group commit: what is told is durable, what failed harms nobody else. */
#include <pthread.h>
#include <stdatomic.h>
#include "fault.h"
#include "ledger.h"
#include "store_test.h"
#include "writer.h"

#define SCHEMA "CREATE TABLE t (id INTEGER PRIMARY KEY, fill BLOB) STRICT;"

/* A job that inserts, and who waits for it. */
typedef struct {
    job_t job;
    int64_t id;
    int64_t fill_bytes;
    bool refuse; /* run() inserts and then says no */
    status_t told;
    atomic_bool done;
    atomic_int *left;
} insert_t;

static status_t run(job_t *job, store_t *store)
{
    insert_t *self = (insert_t *) job;
    query_t *q = query(store, "INSERT INTO t (id, fill) VALUES (:id, zeroblob(:size))");
    query_int(q, "id", self->id);
    query_int(q, "size", self->fill_bytes);
    status_t status = query_done(q);
    return self->refuse ? STATUS_PERMISSION_DENIED : status;
}

static void done(job_t *job, status_t status)
{
    insert_t *self = (insert_t *) job;
    self->told = status;
    atomic_int *left = self->left;
    atomic_store(&self->done, true);
    if (left)
        atomic_fetch_sub(left, 1);
}

static insert_t insert_of(int64_t id)
{
    return (insert_t){.job = {.run = run, .done = done}, .id = id};
}

static void wait_for(insert_t *job)
{
    while (!atomic_load(&job->done))
        usleep(100);
}

static int64_t rows_in(const char *path)
{
    store_t *store = open_at(path, SCHEMA);
    int64_t rows = VALUE(store, "SELECT count(*) AS value FROM t");
    store_close(&store);
    return rows;
}

/* A job that keeps the writer busy until told, so that the next ones form one batch. */
typedef struct {
    job_t job;
    atomic_bool open;
    atomic_bool running;
    atomic_bool done;
} gate_t;

static status_t gate_run(job_t *job, store_t *store)
{
    (void) store;
    gate_t *gate = (gate_t *) job;
    atomic_store(&gate->running, true);
    while (!atomic_load(&gate->open))
        usleep(100);
    return STATUS_OK;
}

static void gate_done(job_t *job, status_t status)
{
    (void) status;
    atomic_store(&((gate_t *) job)->done, true);
}

static void gate_close(gate_t *gate, writer_t *writer)
{
    *gate = (gate_t){.job = {.run = gate_run, .done = gate_done}};
    CHECK(writer_post(writer, &gate->job));
    while (!atomic_load(&gate->running))
        usleep(100);
}

static void count_commit(void *arg)
{
    atomic_fetch_add((atomic_int *) arg, 1);
}

/* One batch: the refused and the failed job leave nothing, the others stay; one commit. */
TEST(a_batch_commits_once_and_failures_harm_nobody_else)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    atomic_int commits = 0;
    writer_t *writer = writer_new(&store, 100, count_commit, &commits);
    EXPECT(!store);
    gate_t gate;
    gate_close(&gate, writer);

    insert_t jobs[5];
    for (int i = 0; i < 5; i++)
        jobs[i] = insert_of(i);
    jobs[1].refuse = true;
    jobs[3].id = 0; /* taken by the first */
    for (int i = 0; i < 5; i++)
        EXPECT(writer_post(writer, &jobs[i].job));
    EXPECT(writer_queued(writer) == 5);
    atomic_store(&gate.open, true);
    for (int i = 0; i < 5; i++)
        wait_for(&jobs[i]);
    writer_free(&writer);
    EXPECT(!writer);
    EXPECT(jobs[0].told == STATUS_OK && jobs[2].told == STATUS_OK && jobs[4].told == STATUS_OK);
    EXPECT(jobs[1].told == STATUS_PERMISSION_DENIED);
    EXPECT(jobs[3].told == STATUS_ALREADY_EXISTS);
    EXPECT(commits == 1); /* the gate changed nothing */
    EXPECT(rows_in(folder.db) == 3);
    folder_remove(&folder);
}

/* The disk is full in the middle of a batch: all of it is undone, all are told so, and later
 * batches work again. */
TEST(a_full_disk_fails_the_whole_batch)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    store_limit_pages(store, 64);
    atomic_int commits = 0;
    writer_t *writer = writer_new(&store, 100, count_commit, &commits);
    gate_t gate;
    gate_close(&gate, writer);
    insert_t jobs[4];
    for (int i = 0; i < 4; i++)
        jobs[i] = insert_of(i);
    jobs[2].fill_bytes = 1 << 20;
    for (int i = 0; i < 4; i++)
        EXPECT(writer_post(writer, &jobs[i].job));
    atomic_store(&gate.open, true);
    for (int i = 0; i < 4; i++) {
        wait_for(&jobs[i]);
        EXPECT(jobs[i].told == STATUS_UNAVAILABLE);
    }
    EXPECT(commits == 0);
    insert_t small = insert_of(9);
    EXPECT(writer_post(writer, &small.job));
    wait_for(&small);
    EXPECT(small.told == STATUS_OK);
    writer_free(&writer);
    EXPECT(rows_in(folder.db) == 1);
    folder_remove(&folder);
}

/* A full queue refuses at once; closing finishes what was taken. */
TEST(a_full_queue_refuses_and_closing_finishes)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    writer_t *writer = writer_new(&store, 3, NULL, NULL);
    gate_t gate;
    gate_close(&gate, writer);
    insert_t jobs[4];
    for (int i = 0; i < 4; i++) {
        jobs[i] = insert_of(i);
        EXPECT(writer_post(writer, &jobs[i].job) == (i < 3));
    }
    atomic_store(&gate.open, true);
    writer_free(&writer); /* waits for all */
    for (int i = 0; i < 3; i++)
        EXPECT(jobs[i].done && jobs[i].told == STATUS_OK);
    EXPECT(!jobs[3].done);
    EXPECT(rows_in(folder.db) == 3);
    folder_remove(&folder);
}

#define THREADS   4
#define JOBS_EACH 500

typedef struct {
    writer_t *writer;
    const char *path;
    int number;
    int failures;
    atomic_bool *stop;
} worker_t;

/* Posts jobs from its own stack, a few at a time. */
static void *post_many(void *arg)
{
    worker_t *self = arg;
    enum { WINDOW = 10 };
    for (int i = 0; i < JOBS_EACH; i += WINDOW) {
        insert_t jobs[WINDOW];
        atomic_int left = WINDOW;
        for (int j = 0; j < WINDOW; j++) {
            jobs[j] = insert_of((int64_t) self->number * JOBS_EACH + i + j + 1);
            jobs[j].left = &left;
            while (!writer_post(self->writer, &jobs[j].job))
                usleep(50);
        }
        while (atomic_load(&left) > 0)
            usleep(50);
        for (int j = 0; j < WINDOW; j++)
            self->failures += jobs[j].told != STATUS_OK;
    }
    return NULL;
}

/* Reads snapshots meanwhile: within one, two counts are the same. */
static void *read_many(void *arg)
{
    worker_t *self = arg;
    store_t *reader = open_reader(self->path);
    while (!atomic_load(self->stop)) {
        store_snapshot_begin(reader);
        int64_t first = VALUE(reader, "SELECT count(*) AS value FROM t");
        int64_t second = VALUE(reader, "SELECT count(*) AS value FROM t");
        self->failures += first != second;
        store_snapshot_end(reader);
    }
    store_close(&reader);
    return NULL;
}

TEST(many_threads_post_and_read)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    atomic_int commits = 0;
    atomic_bool stop = false;
    writer_t *writer = writer_new(&store, 20, count_commit, &commits);
    pthread_t threads[THREADS + 2];
    worker_t workers[THREADS + 2];
    for (int i = 0; i < THREADS + 2; i++) {
        workers[i] = (worker_t){.writer = writer, .path = folder.db, .number = i, .stop = &stop};
        CHECK(pthread_create(&threads[i], NULL, i < THREADS ? post_many : read_many, &workers[i]) ==
              0);
    }
    for (int i = 0; i < THREADS + 2; i++) {
        if (i == THREADS)
            atomic_store(&stop, true);
        pthread_join(threads[i], NULL);
        EXPECT(workers[i].failures == 0);
    }
    writer_free(&writer);
    EXPECT(rows_in(folder.db) == THREADS * JOBS_EACH);
    EXPECT(commits > 0 && commits <= THREADS * JOBS_EACH);
    folder_remove(&folder);
}

/* Appends one byte to a pipe when it is told: what the world knows. */
typedef struct {
    insert_t insert;
    int pipe;
} told_t;

static void tell(job_t *job, status_t status)
{
    told_t *self = (told_t *) job;
    if (status == STATUS_OK && write(self->pipe, "x", 1) != 1)
        abort();
    atomic_store(&self->insert.done, true);
}

/* 40 inserts, one after the other, in a process that is to be killed at `point`. */
static void insert_until_killed(const char *path, const char *point, int pipe)
{
    store_t *store = open_at(path, SCHEMA);
    fault_arm(point);
    writer_t *writer = writer_new(&store, 10, NULL, NULL);
    for (int i = 0; i < 40; i++) {
        told_t job = {.insert = insert_of(i), .pipe = pipe};
        job.insert.job.done = tell;
        CHECK(writer_post(writer, &job.insert.job));
        wait_for(&job.insert);
    }
}

/* The answers that were told, and the rows that are there afterwards. */
static void killed_at(const char *point, int *ret_told, int64_t *ret_rows)
{
    folder_t folder = folder_new();
    int ends[2];
    CHECK(pipe(ends) == 0);
    EXPECT(DIES_BY(SIGKILL, insert_until_killed(folder.db, point, ends[1])));
    close(ends[1]);
    char bytes[64];
    *ret_told = (int) read(ends[0], bytes, sizeof bytes);
    close(ends[0]);
    *ret_rows = rows_in(folder.db);
    folder_remove(&folder);
}

/* No answered write is lost, wherever the process dies. */
TEST(a_kill_loses_nothing_that_was_told)
{
    int told = 0;
    int64_t rows = 0;
    killed_at("store.before_run:21", &told, &rows);
    EXPECT(told == 20 && rows == 20);
    killed_at("store.before_commit:21", &told, &rows);
    EXPECT(told == 20 && rows == 20);
    killed_at("store.after_commit:21", &told, &rows);
    EXPECT(told == 20 && rows == 21); /* durable, nobody knows: hence `once` */
}

/* While it is held nothing is written, afterwards everything; a hold ends by itself and says so. */
TEST(a_held_writer_writes_nothing)
{
    folder_t folder = folder_new();
    store_t *store = open_at(folder.db, SCHEMA);
    writer_t *writer = writer_new(&store, 100, NULL, NULL);
    insert_t first = insert_of(1), second = insert_of(2), third = insert_of(3);

    EXPECT(writer_hold(writer, 10000));
    EXPECT(!writer_hold(writer, 10000)); /* by somebody else */
    EXPECT(writer_post(writer, &first.job));
    usleep(30000);
    EXPECT(!atomic_load(&first.done));
    EXPECT(rows_in(folder.db) == 0);
    EXPECT(writer_release(writer));
    wait_for(&first);
    EXPECT(first.told == STATUS_OK);

    gate_t gate; /* what is in hand is finished first */
    gate_close(&gate, writer);
    EXPECT(!writer_hold(writer, 20));
    atomic_store(&gate.open, true);
    EXPECT(writer_hold(writer, 10000));
    EXPECT(atomic_load(&gate.done));
    EXPECT(writer_release(writer));

    EXPECT(writer_hold(writer, 20));
    EXPECT(writer_post(writer, &second.job));
    wait_for(&second);
    EXPECT(!writer_release(writer));

    EXPECT(writer_hold(writer, 10000)); /* told to stop meanwhile: it finishes its work */
    EXPECT(writer_post(writer, &third.job));
    writer_free(&writer);
    EXPECT(third.told == STATUS_OK);
    EXPECT(rows_in(folder.db) == 3);
    folder_remove(&folder);
}
