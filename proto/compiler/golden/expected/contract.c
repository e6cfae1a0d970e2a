/* contract.c - made by protoc-gen-yw from proto/; change that. */
#include "method.h"
#include "reader.pb-c.h"
#include "library.pb-c.h"

static const method_t library_add_book = {
    .service = "library",
    .name = "library.AddBook",
    .in = &library__add_book_request__descriptor,
    .out = &library__book__descriptor,
    .verb = VERB_POST,
    .path = "/api/v1/books",
    .may = MAY_STAFF,
    .level = 0,
    .permission = "library.add",
    .flags = METHOD_WRITES | METHOD_PREPARES | METHOD_CREATED,
    .timeout_ms = 5000,
};

static const method_t library_delete_book = {
    .service = "library",
    .name = "library.DeleteBook",
    .in = &library__get_book_request__descriptor,
    .out = &library__empty__descriptor,
    .verb = VERB_DELETE,
    .path = "/api/v1/books/{book_id}",
    .may = MAY_STAFF,
    .level = 0,
    .permission = "library.add",
    .flags = METHOD_WRITES,
    .timeout_ms = 5000,
};

static const method_t library_get_book = {
    .service = "library",
    .name = "library.GetBook",
    .in = &library__get_book_request__descriptor,
    .out = &library__book__descriptor,
    .verb = VERB_GET,
    .path = "/api/v1/books/{book_id}",
    .may = MAY_PUBLIC,
    .level = 0,
    .flags = 0,
    .timeout_ms = 5000,
    .cache_seconds = 60,
};

static const method_t library_get_scan = {
    .service = "library",
    .name = "library.GetScan",
    .in = &library__get_scan_request__descriptor,
    .out = &library__scan__descriptor,
    .verb = VERB_GET,
    .path = "/api/v1/books/{book_id}/scan",
    .may = MAY_PERSON,
    .level = 2,
    .flags = METHOD_AUDITED | METHOD_DOWNLOAD,
    .timeout_ms = 5000,
};

static const method_t library_lend_book = {
    .service = "library",
    .name = "library.LendBook",
    .in = &library__lend_book_request__descriptor,
    .out = &library__empty__descriptor,
    .verb = VERB_POST,
    .path = "/api/v1/books/{book_id}:lend",
    .may = MAY_PERSON | MAY_STAFF | MAY_SYSTEM,
    .level = 3,
    .permission = "staff",
    .flags = METHOD_WRITES | METHOD_IDEMPOTENT,
    .timeout_ms = 9000,
};

static const method_t library_list_books = {
    .service = "library",
    .name = "library.ListBooks",
    .in = &library__list_books_request__descriptor,
    .out = &library__book_list__descriptor,
    .verb = VERB_GET,
    .path = "/api/v1/books",
    .may = MAY_PUBLIC,
    .level = 0,
    .flags = METHOD_PAGED,
    .timeout_ms = 5000,
};

static const method_t library_on_reader_left = {
    .service = "library",
    .name = "library.OnReaderLeft",
    .in = &reader__reader_left__descriptor,
    .out = &library__empty__descriptor,
    .verb = VERB_NONE,
    .may = MAY_INTERNAL,
    .level = 0,
    .flags = METHOD_WRITES,
    .timeout_ms = 5000,
    .on = "reader.ReaderLeft",
};

static const method_t library_put_scan = {
    .service = "library",
    .name = "library.PutScan",
    .in = &library__put_scan_request__descriptor,
    .out = &library__empty__descriptor,
    .verb = VERB_PUT,
    .path = "/api/v1/books/{book_id}/scan",
    .may = MAY_STAFF,
    .level = 0,
    .permission = "library.add",
    .flags = METHOD_WRITES | METHOD_IDEMPOTENT | METHOD_UPLOAD,
    .timeout_ms = 5000,
};

static const method_t library_replace_book = {
    .service = "library",
    .name = "library.ReplaceBook",
    .in = &library__book__descriptor,
    .out = &library__book__descriptor,
    .verb = VERB_PUT,
    .path = "/api/v1/books/{id}:replace",
    .may = MAY_STAFF,
    .level = 0,
    .permission = "library.add",
    .flags = METHOD_WRITES,
    .timeout_ms = 5000,
};

static const method_t library_watch = {
    .service = "library",
    .name = "library.Watch",
    .in = &library__empty__descriptor,
    .out = &library__book_lent__descriptor,
    .verb = VERB_NONE,
    .may = MAY_SYSTEM,
    .level = 0,
    .flags = METHOD_WAITS,
    .timeout_ms = 5000,
};

static const method_t reader_check_reader = {
    .service = "reader",
    .name = "reader.CheckReader",
    .in = &reader__check_reader_request__descriptor,
    .out = &reader__check_reader_answer__descriptor,
    .verb = VERB_NONE,
    .may = MAY_INTERNAL,
    .level = 0,
    .flags = 0,
    .timeout_ms = 5000,
};

/* Sorted by name. */
const method_t *const contract_methods[] = {
    &library_add_book,
    &library_delete_book,
    &library_get_book,
    &library_get_scan,
    &library_lend_book,
    &library_list_books,
    &library_on_reader_left,
    &library_put_scan,
    &library_replace_book,
    &library_watch,
    &reader_check_reader,
    NULL
};
const size_t contract_method_count = 11;

static const method_t *const subscribers_of_reader__reader_left[] = {&library_on_reader_left};

/* Sorted by topic. */
const topic_t contract_topics[] = {
    {"library.BookLent", &library__book_lent__descriptor, "book_id", NULL, 0},
    {"reader.ReaderLeft", &reader__reader_left__descriptor, "account_id", subscribers_of_reader__reader_left, 1},
    {NULL, NULL, NULL, NULL, 0}
};
const size_t contract_topic_count = 2;
