/* ask.h - a client of the platform, as the gateway and department systems are: it repeats under the
 * same key until it knows what became of its request.
 *
 * Every request with a key is written down here, with what was answered; the books are compared
 * with it (books.c). */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include "arena.h"
#include "curve.h"
#include "link.h"
#include "method.h"
#include "status.h"
#include "world.h"

#define KEY_SIZE 48

typedef struct person {
    process_t *process;
    char name[24];
    link_t *link;
    uint64_t call;
    arena_t *arena; /* emptied by the story after each step */
    bool is_system;
    curve_t curve;
    uint8_t token[2048];
    size_t token_size;
    char id[40];         /* account, staff or system id */
    char department[16]; /* of staff and systems */
    char permissions[64];
    bool (*sign_in)(struct person *self); /* when the token is past its time */
    bool as_service;                      /* the operator: one of our own processes */
    uint32_t keys;                        /* made so far */
    int64_t expires_ms;                   /* of the token */
    int number;                           /* story's own */
} person_t;

/* A request that changes something. */
typedef struct {
    char key[KEY_SIZE];
    char caller[64]; /* as once names it: "person:01K…" */
    const char *method;
    char case_id[28];
    enum { OP_OPEN, OP_DONE, OP_REFUSED } state;
    status_t status;
    bool unsure; /* refused, but an earlier try of it may still have worked */
    int64_t answered_us;
    int64_t unsure_until_us; /* no earlier try can be carried out after it */
    uint64_t answer_hash;
    size_t answer_size;
} op_t;

typedef struct {
    status_t status;
    const char *code;
    const void *out; /* the answer, typed; in the person's arena */
    op_t *op;
} reply_t;

/* Asks until there is an answer that settles it.  `key` is made when NULL and the method writes. */
reply_t ask(person_t *self, const char *method, const ProtobufCMessage *in);
/* One more time under the same key: must bring the same answer. */
void ask_again(person_t *self, const op_t *op, const char *method, const ProtobufCMessage *in);
/* The same key with another request: must be refused. */
void ask_otherwise(person_t *self, const op_t *op, const char *method, const ProtobufCMessage *in);
/* One try; any status. */
status_t ask_once(person_t *self, const char *method, const char *key, const ProtobufCMessage *in,
                  uint32_t timeout_ms, reply_t *ret);

/* In the person's own fiber, first thing. */
void ask_open(person_t *self);
void ask_close(person_t *self);

size_t op_count(void);
op_t *op_at(size_t index);
op_t *op_find(const char *caller, const char *key);
uint32_t ask_tries(void);
uint32_t ask_waiting(void); /* calls open now */
