/* library.svc.c - made by protoc-gen-yw from library.proto; change that. */
#include "library.svc.h"

static status_t run_library_add_book(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return library_add_book(call, (const Library__AddBookRequest *) in, (Library__Book *) out);
}

static status_t prepare_library_add_book(call_t *call, const ProtobufCMessage *in)
{
    return library_add_book_prepare(call, (const Library__AddBookRequest *) in);
}

static status_t run_library_get_book(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return library_get_book(call, (const Library__GetBookRequest *) in, (Library__Book *) out);
}

static status_t run_library_list_books(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return library_list_books(call, (const Library__ListBooksRequest *) in, (Library__BookList *) out);
}

static status_t run_library_lend_book(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return library_lend_book(call, (const Library__LendBookRequest *) in, (Library__Empty *) out);
}

static status_t run_library_replace_book(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return library_replace_book(call, (const Library__Book *) in, (Library__Book *) out);
}

static status_t run_library_delete_book(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return library_delete_book(call, (const Library__GetBookRequest *) in, (Library__Empty *) out);
}

static status_t run_library_put_scan(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return library_put_scan(call, (const Library__PutScanRequest *) in, (Library__Empty *) out);
}

static status_t run_library_get_scan(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return library_get_scan(call, (const Library__GetScanRequest *) in, (Library__Scan *) out);
}

static status_t run_library_watch(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return library_watch(call, (const Library__Empty *) in, (Library__BookLent *) out);
}

static status_t run_library_on_reader_left(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return library_on_reader_left(call, (const Reader__ReaderLeft *) in, (Library__Empty *) out);
}

const handler_t library_handlers[] = {
    {"library.AddBook", run_library_add_book, prepare_library_add_book},
    {"library.GetBook", run_library_get_book, NULL},
    {"library.ListBooks", run_library_list_books, NULL},
    {"library.LendBook", run_library_lend_book, NULL},
    {"library.ReplaceBook", run_library_replace_book, NULL},
    {"library.DeleteBook", run_library_delete_book, NULL},
    {"library.PutScan", run_library_put_scan, NULL},
    {"library.GetScan", run_library_get_scan, NULL},
    {"library.Watch", run_library_watch, NULL},
    {"library.OnReaderLeft", run_library_on_reader_left, NULL},
    {NULL, NULL, NULL}
};
const size_t library_handler_count = 10;
