/* serve_private.h - a page under way; of the serve_*.c files only.
 *
 *   serve.c          which page, who asks, what does not work
 *   serve_session.c  cookies, tokens of forms, where to go for signing in
 *   serve_data.c     calls of a page: values to messages, waves, views
 *   serve_render.c   names to values, HTML out
 *   serve_form.c     what is posted
 *
 * All of it lives in the exchange's arena.  Steps are functions that end with the next step or an
 * answer; after an answer nothing is touched. */
#pragma once
#include "address.h"
#include "check.h"
#include "cookie.h"
#include "edge.h"
#include "exchange.h"
#include "form.h"
#include "lane.h"
#include "message.h"
#include "page.h"
#include "serve.h"
#include "text.h"
#include "transcode.h"

#define SERVE_QUERY_MAX 64          /* parameters looked at */
#define SERVE_CARRY_MAX (64u << 10) /* a form that waits for signing in */

typedef struct serve serve_t;

typedef enum { CALL_NEW, CALL_ASKED, CALL_DONE, CALL_SKIPPED, CALL_FAILED } call_state_t;

typedef struct {
    ask_t ask;
    serve_t *serve;
    size_t at; /* of page->data */
    call_state_t state;
    memo_entry_t *memo; /* held answer; NULL: it is in the arena */
} serve_call_t;

typedef struct {
    const char *name, *value;
    size_t name_size, size;
} parameter_t;

struct serve {
    exchange_t *exchange;
    page_set_t *set; /* held */
    const page_t *page;
    span_t values[ROUTE_VARIABLES_MAX]; /* of the page's path, raw */
    const char *action;                 /* its path and query */
    span_t path, query;                 /* raw; parts of action */
    parameter_t parameters[SERVE_QUERY_MAX];
    size_t parameter_count;

    /* who asks */
    ask_t session_ask;
    page_as_t as;
    span_t secret;        /* of the session; size 0: none, or it is over */
    const char *name;     /* of who is signed in */
    span_t visitor;       /* cookie, size 0: none yet */
    bool session_over;    /* there was a cookie, but its session has ended */
    bool session_unknown; /* identity could not be asked */
    void (*known)(serve_t *self);

    /* what the page shows */
    serve_call_t calls[PAGE_DATA_MAX];
    uint32_t wanted; /* bits of calls */
    size_t asked;    /* under way */
    bool advancing;
    bool failed;       /* one that must be there */
    reply_t failure;   /* its body copied */
    problem_t problem; /* or this, without a reply */
    void (*loaded)(serve_t *self);
    datum_t *slots; /* of page->root */

    /* a form */
    form_pairs_t *pairs;
    const page_form_t *form;     /* that is called */
    const page_form_t *standing; /* whose inputs were filled in: mostly the same */
    form_tree_t *tree;
    ProtobufCMessage *message;      /* what it means */
    const ProtobufCMessage *answer; /* to the form */
    const ProtobufCMessage *stayed; /* answer of a form that stays */
    const char *key;                /* as typed; "" */
    size_t file_at;                 /* of pairs->files, under way */

    /* what is said beside it */
    int status;
    const char *code, *refusal, *notice, *carry;
    const char *title;
};

/* --- serve.c --- */
/* A page for this exchange: path "…?query" of ours, of this page. */
bool serve_turn_to(serve_t *self, const page_t *page, const route_match_t *match,
                   const char *action);
serve_t *serve_new(exchange_t *exchange, page_set_t *held);
/* What a page's `who` asks for; false: answered, or on its way to be. */
bool serve_may(serve_t *self);

/* --- serve_session.c --- */
/* Finds out who asks, then self->known. */
void serve_session(serve_t *self, page_as_t as, void (*known)(serve_t *));
/* What a good token of a form would be made of; false: none of the cookies makes it. */
bool serve_token_good(const serve_t *self, const char *token);
/* A fresh one, for this session or visitor. */
void serve_token_make(serve_t *self, char out[SERVE_TOKEN_SIZE]);
/* False: the browser says that another site sent this. */
bool serve_origin_good(const exchange_t *exchange);
/* 303; "/" when it is no path of ours. */
void serve_redirect(exchange_t *exchange, const char *path);
void serve_to_login(serve_t *self);
const char *serve_login_path(page_as_t as);
/* Makes the session of an answer one of pages, then `known`: exchange->token is there, or not. */
void serve_sign_in(serve_t *self, page_as_t as, const ProtobufCMessage *tokens,
                   void (*known)(serve_t *));
void serve_set_session(serve_t *self); /* the cookie */
void serve_sign_out(serve_t *self, page_as_t as);
void serve_set_cookie(exchange_t *exchange, const char *name, const char *value, long seconds);
void serve_flash_put(serve_t *self, const char *path, const ProtobufCMessage *message);
const ProtobufCMessage *serve_flash_get(serve_t *self, const ProtobufCMessageDescriptor *type);

/* --- serve_data.c --- */
/* Values into a message; from the scope's slots.  *ret_path: a fault is of a value of the path. */
bool serve_bind(const page_bind_t *binds, size_t count, const datum_t *slots, arena_t *arena,
                ProtobufCMessage *message, faults_t *faults, bool *ret_path);
/* A text of pieces; `encode`: values are percent-encoded. */
const char *serve_text(const page_text_t *text, const datum_t *slots, bool encode, arena_t *arena);
/* Loads those of `wanted` that are not there, then self->loaded. */
void serve_load(serve_t *self, uint32_t wanted, void (*loaded)(serve_t *));
void serve_file(serve_t *self);
void serve_cancel_calls(serve_t *self);
/* Lets go of remembered answers: nothing of the page may be shown any more. */
void serve_release(serve_t *self);

/* --- serve_render.c --- */
/* Names that need no call. */
bool serve_names(serve_t *self);
/* The names that `then` may say. */
const datum_t *serve_then_names(serve_t *self, const ProtobufCMessage *answer);
/* Loads what is missing, renders, answers with self->status. */
void serve_show(serve_t *self);
/* The page as it is, at once.  False: it cannot be rendered, nothing was answered. */
bool serve_render(serve_t *self);

/* --- serve_form.c --- */
void serve_post(serve_t *self);
void serve_logout(serve_t *self);
void serve_view(serve_t *self);
