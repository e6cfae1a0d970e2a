/* rules.c - made by protoc-gen-yw from proto/; change that. */
#include "rule.h"
#include "reader.pb-c.h"
#include "library.pb-c.h"

/* reader.CheckReaderRequest */
static const rule_t rules_of_reader__check_reader_request[] = {
    {.field = "account_id", .flags = RULE_REQUIRED, .kind = 1},
    {.field = NULL}
};

/* reader.CheckReaderAnswer */
static const rule_t rules_of_reader__check_reader_answer[] = {
    {.field = "may"},
    {.field = NULL}
};

/* reader.ReaderLeft */
static const rule_t rules_of_reader__reader_left[] = {
    {.field = "account_id", .kind = 1},
    {.field = NULL}
};

/* library.Empty */
static const rule_t rules_of_library__empty[] = {
    {.field = NULL}
};

/* library.Book */
static const rule_t rules_of_library__book[] = {
    {.field = "id", .label = "编号", .flags = RULE_REQUIRED, .kind = 1},
    {.field = "title", .label = "书名", .flags = RULE_REQUIRED, .min_len = 1, .max_len = 200, .kind = 13},
    {.field = "state"},
    {.field = "bought_at"},
    {.field = "price_fen", .max = 10000000LL},
    {.field = "authors", .label = "作者", .flags = RULE_REQUIRED, .max_items = 20},
    {.field = "pages", .max = 20000LL},
    {.field = "cover", .max_len = 1000},
    {.field = "isbn", .max_len = 17, .pattern = "[0-9-]{10,17}"},
    {.field = "shelf", .max_len = 10, .kind = 14},
    {.field = "box"},
    {.field = "floor", .min = -3LL, .max = 9LL},
    {.field = "rare"},
    {.field = "weight"},
    {.field = "copies", .min = 1LL},
    {.field = NULL}
};

/* library.Author */
static const rule_t rules_of_library__author[] = {
    {.field = "name", .flags = RULE_PERSONAL, .max_len = 100},
    {.field = "kind", .flags = RULE_ANY_ENUM},
    {.field = "life"},
    {.field = NULL}
};

/* library.Author.Life */
static const rule_t rules_of_library__author__life[] = {
    {.field = "born", .kind = 9},
    {.field = NULL}
};

/* library.AddBookRequest */
static const rule_t rules_of_library__add_book_request[] = {
    {.field = "book", .flags = RULE_REQUIRED},
    {.field = "password", .flags = RULE_REQUIRED | RULE_SECRET, .max_len = 64},
    {.field = NULL}
};

/* library.GetBookRequest */
static const rule_t rules_of_library__get_book_request[] = {
    {.field = "book_id", .flags = RULE_REQUIRED, .kind = 1},
    {.field = NULL}
};

/* library.ListBooksRequest */
static const rule_t rules_of_library__list_books_request[] = {
    {.field = "states", .max_items = 5},
    {.field = "since"},
    {.field = "page_size", .max = 100LL},
    {.field = "page_token", .max_len = 100},
    {.field = NULL}
};

/* library.BookList */
static const rule_t rules_of_library__book_list[] = {
    {.field = "books", .max_items = 100},
    {.field = "next_page_token", .max_len = 100},
    {.field = NULL}
};

/* library.LendBookRequest */
static const rule_t rules_of_library__lend_book_request[] = {
    {.field = "book_id", .flags = RULE_REQUIRED, .kind = 1},
    {.field = "note", .max_len = 500},
    {.field = NULL}
};

/* library.PutScanRequest */
static const rule_t rules_of_library__put_scan_request[] = {
    {.field = "book_id", .flags = RULE_REQUIRED, .kind = 1},
    {.field = "media_type", .flags = RULE_REQUIRED, .max_len = 100},
    {.field = "offset"},
    {.field = "size"},
    {.field = "data", .max_len = 1048576},
    {.field = "last"},
    {.field = NULL}
};

/* library.GetScanRequest */
static const rule_t rules_of_library__get_scan_request[] = {
    {.field = "book_id", .flags = RULE_REQUIRED, .kind = 1},
    {.field = "offset"},
    {.field = NULL}
};

/* library.Scan */
static const rule_t rules_of_library__scan[] = {
    {.field = "size"},
    {.field = "data", .max_len = 1048576},
    {.field = "media_type", .max_len = 100},
    {.field = "file_name", .max_len = 200},
    {.field = NULL}
};

/* library.BookLent */
static const rule_t rules_of_library__book_lent[] = {
    {.field = "book_id", .kind = 1},
    {.field = NULL}
};

const rule_set_t contract_rules[] = {
    {&reader__check_reader_request__descriptor, rules_of_reader__check_reader_request},
    {&reader__check_reader_answer__descriptor, rules_of_reader__check_reader_answer},
    {&reader__reader_left__descriptor, rules_of_reader__reader_left},
    {&library__empty__descriptor, rules_of_library__empty},
    {&library__book__descriptor, rules_of_library__book},
    {&library__author__descriptor, rules_of_library__author},
    {&library__author__life__descriptor, rules_of_library__author__life},
    {&library__add_book_request__descriptor, rules_of_library__add_book_request},
    {&library__get_book_request__descriptor, rules_of_library__get_book_request},
    {&library__list_books_request__descriptor, rules_of_library__list_books_request},
    {&library__book_list__descriptor, rules_of_library__book_list},
    {&library__lend_book_request__descriptor, rules_of_library__lend_book_request},
    {&library__put_scan_request__descriptor, rules_of_library__put_scan_request},
    {&library__get_scan_request__descriptor, rules_of_library__get_scan_request},
    {&library__scan__descriptor, rules_of_library__scan},
    {&library__book_lent__descriptor, rules_of_library__book_lent},
    {NULL, NULL}
};
const size_t contract_rule_count = 16;

/* library.Author.Kind */
static const char *const labels_of_library__author__kind[] = {
    NULL,  /* KIND_UNSPECIFIED */
    NULL,  /* KIND_WRITER */
};

/* library.State */
static const char *const labels_of_library__state[] = {
    NULL,  /* STATE_UNSPECIFIED */
    "在馆",  /* STATE_HERE */
    "已借出",  /* STATE_LENT */
};

const label_set_t contract_labels[] = {
    {&library__author__kind__descriptor, labels_of_library__author__kind},
    {&library__state__descriptor, labels_of_library__state},
    {NULL, NULL}
};
const size_t contract_label_count = 2;
