#include "address.h"

#include "test.h"
#include "text.h"

TEST(address_of_ours)
{
    static const char *const good[] = {
        "/", "/my", "/my?x=%2F%2Fevil", "/a//b", "/search?q=http://x", "/查"};
    static const char *const bad[] = {"",         "my",
                                      "//evil",   "/\\evil",
                                      "\\\\evil", "https://evil",
                                      "/a b",     "/\tevil",
                                      "/\n/x",    "/x\r\nA: b",
                                      " /my",     "/a\\b",
                                      "\t//evil", "javascript:alert(1)"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        EXPECT(address_local(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(!address_local(bad[i]));
    EXPECT(!address_local(NULL));
    char path[ADDRESS_PATH_MAX + 2];
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[ADDRESS_PATH_MAX] = 0;
    EXPECT(address_local(path));
    path[ADDRESS_PATH_MAX] = 'a';
    path[ADDRESS_PATH_MAX + 1] = 0;
    EXPECT(!address_local(path));
}

TEST(address_is_encoded)
{
    arena_t *arena = arena_new(4096);
    EXPECT(text_equal(address_encode("/a?b=c d&\xe4\xb8\x80~", 13, arena),
                      "%2Fa%3Fb%3Dc%20d%26%E4%B8%80~"));
    EXPECT(text_equal(address_header("/a?b=%20\xe4\xb8\x80 \r\n\"", arena),
                      "/a?b=%20%E4%B8%80%20%0D%0A%22"));
    arena_free(&arena);
    arena = arena_new(2);
    EXPECT(!address_encode("abc", 3, arena) && text_equal(address_header("/abc", arena), "/"));
    arena_free(&arena);
}

static bool same(const char *site, const char *origin)
{
    return address_same_site(span_text(site), span_text(origin), SPAN("www.example.gov.cn:8443"));
}

TEST(address_of_who_sent)
{
    EXPECT(same("same-origin", "") && same("none", "") && same("", ""));
    EXPECT(same("", "https://www.example.gov.cn:8443") &&
           same("", "https://WWW.example.gov.cn:8443"));
    EXPECT(same("same-origin", "https://proxied.example"));
    EXPECT(!same("cross-site", "https://www.example.gov.cn:8443"));
    EXPECT(!same("same-site", "") && !same("nonsense", ""));
    EXPECT(!same("", "null") && !same("", "https://www.example.gov.cn"));
    EXPECT(!same("", "https://www.example.gov.cn:8443.evil") &&
           !same("", "ftp://www.example.gov.cn:8443"));
    EXPECT(!address_same_site(SPAN(""), SPAN("https://"), SPAN("")));
}
