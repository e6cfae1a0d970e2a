/* clients.c - made by protoc-gen-yw from proto/; change that. */
#include "call.h"
#include "reader.pb-c.h"
#include "library.pb-c.h"
#include "library.calls.h"

status_t library_add_book_ask(call_t *call, const Library__AddBookRequest *in, const Library__Book **ret)
{
    const ProtobufCMessage *out = NULL;
    status_t status = call_ask(call, "library.AddBook", &in->base, &library__book__descriptor, &out);
    if (status == STATUS_OK)
        *ret = (const Library__Book *) out;
    return status;
}

status_t library_delete_book_ask(call_t *call, const Library__GetBookRequest *in, const Library__Empty **ret)
{
    const ProtobufCMessage *out = NULL;
    status_t status = call_ask(call, "library.DeleteBook", &in->base, &library__empty__descriptor, &out);
    if (status == STATUS_OK)
        *ret = (const Library__Empty *) out;
    return status;
}

status_t library_get_book_ask(call_t *call, const Library__GetBookRequest *in, const Library__Book **ret)
{
    const ProtobufCMessage *out = NULL;
    status_t status = call_ask(call, "library.GetBook", &in->base, &library__book__descriptor, &out);
    if (status == STATUS_OK)
        *ret = (const Library__Book *) out;
    return status;
}

status_t library_get_scan_ask(call_t *call, const Library__GetScanRequest *in, const Library__Scan **ret)
{
    const ProtobufCMessage *out = NULL;
    status_t status = call_ask(call, "library.GetScan", &in->base, &library__scan__descriptor, &out);
    if (status == STATUS_OK)
        *ret = (const Library__Scan *) out;
    return status;
}

status_t library_lend_book_ask(call_t *call, const Library__LendBookRequest *in, const Library__Empty **ret)
{
    const ProtobufCMessage *out = NULL;
    status_t status = call_ask(call, "library.LendBook", &in->base, &library__empty__descriptor, &out);
    if (status == STATUS_OK)
        *ret = (const Library__Empty *) out;
    return status;
}

status_t library_list_books_ask(call_t *call, const Library__ListBooksRequest *in, const Library__BookList **ret)
{
    const ProtobufCMessage *out = NULL;
    status_t status = call_ask(call, "library.ListBooks", &in->base, &library__book_list__descriptor, &out);
    if (status == STATUS_OK)
        *ret = (const Library__BookList *) out;
    return status;
}

status_t library_put_scan_ask(call_t *call, const Library__PutScanRequest *in, const Library__Empty **ret)
{
    const ProtobufCMessage *out = NULL;
    status_t status = call_ask(call, "library.PutScan", &in->base, &library__empty__descriptor, &out);
    if (status == STATUS_OK)
        *ret = (const Library__Empty *) out;
    return status;
}

status_t library_replace_book_ask(call_t *call, const Library__Book *in, const Library__Book **ret)
{
    const ProtobufCMessage *out = NULL;
    status_t status = call_ask(call, "library.ReplaceBook", &in->base, &library__book__descriptor, &out);
    if (status == STATUS_OK)
        *ret = (const Library__Book *) out;
    return status;
}

status_t library_watch_ask(call_t *call, const Library__Empty *in, const Library__BookLent **ret)
{
    const ProtobufCMessage *out = NULL;
    status_t status = call_ask(call, "library.Watch", &in->base, &library__book_lent__descriptor, &out);
    if (status == STATUS_OK)
        *ret = (const Library__BookLent *) out;
    return status;
}

status_t reader_check_reader_ask(call_t *call, const Reader__CheckReaderRequest *in, const Reader__CheckReaderAnswer **ret)
{
    const ProtobufCMessage *out = NULL;
    status_t status = call_ask(call, "reader.CheckReader", &in->base, &reader__check_reader_answer__descriptor, &out);
    if (status == STATUS_OK)
        *ret = (const Reader__CheckReaderAnswer *) out;
    return status;
}
