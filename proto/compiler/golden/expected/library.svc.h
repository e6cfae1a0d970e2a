/* library.svc.h - made by protoc-gen-yw from library.proto; change that. */
#pragma once
#include "call.h"
#include "server.h"
#include "library.pb-c.h"
#include "reader.pb-c.h"

/* Adds a book.  Its title may say * / and "quotes"?
 *
 * A second paragraph. */
status_t library_add_book_prepare(call_t *call, const Library__AddBookRequest *in);
status_t library_add_book(call_t *call, const Library__AddBookRequest *in, Library__Book *out);

status_t library_get_book(call_t *call, const Library__GetBookRequest *in, Library__Book *out);

/* Books by shelf. */
status_t library_list_books(call_t *call, const Library__ListBooksRequest *in, Library__BookList *out);

/* Lends to whoever is signed in. */
status_t library_lend_book(call_t *call, const Library__LendBookRequest *in, Library__Empty *out);

status_t library_replace_book(call_t *call, const Library__Book *in, Library__Book *out);

status_t library_delete_book(call_t *call, const Library__GetBookRequest *in, Library__Empty *out);

/* The scan of a book, in parts. */
status_t library_put_scan(call_t *call, const Library__PutScanRequest *in, Library__Empty *out);

status_t library_get_scan(call_t *call, const Library__GetScanRequest *in, Library__Scan *out);

/* Waits for the next loan. */
status_t library_watch(call_t *call, const Library__Empty *in, Library__BookLent *out);

status_t library_on_reader_left(call_t *call, const Reader__ReaderLeft *in, Library__Empty *out);

/* For service_t in main.c. */
extern const handler_t library_handlers[];
extern const size_t library_handler_count;
