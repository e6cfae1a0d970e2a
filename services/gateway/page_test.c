#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "test.h"
#include "text.h"

/* A folder with one layout, and pages as the test says. */
typedef struct {
    char folder[64], statics[80];
    buffer_t faults;
    page_set_t *set;
} fixture_t;

static void put(const fixture_t *self, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/pages/%s", self->folder, name);
    FILE *file = fopen(path, "w");
    CHECK(file);
    fputs(text, file);
    fclose(file);
}

static fixture_t fixture_new(void)
{
    fixture_t self = {.faults = buffer_new(1u << 20)};
    char path[128];
    static const char *const folders[] = {"pages", "pages/layout", "pages/partial", "pages/portal",
                                          "static"};
    snprintf(self.folder, sizeof self.folder, "/tmp/page_test_XXXXXX");
    CHECK(mkdtemp(self.folder));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s", self.folder, folders[i]);
        CHECK(mkdir(path, 0700) == 0);
    }
    snprintf(self.statics, sizeof self.statics, "%s/static", self.folder);
    put(&self, "layout/plain.html", "<title>{{page.title}}</title>{{@body}}");
    return self;
}

static void fixture_load(fixture_t *self, bool develop)
{
    char error[512], path[128];
    page_set_drop(&self->set);
    buffer_clear(&self->faults);
    snprintf(path, sizeof path, "%s/pages", self->folder);
    static_files_t *statics = static_files_load(self->statics, error, sizeof error);
    CHECK(statics);
    self->set = page_set_load(path, statics, develop, &self->faults);
    static_files_drop(&statics);
}

static void fixture_free(fixture_t *self)
{
    char command[128];
    page_set_drop(&self->set);
    buffer_free(&self->faults);
    snprintf(command, sizeof command, "rm -rf %s", self->folder);
    CHECK(system(command) == 0);
}

/* Whether a page of this head (path, title, who and layout are given) is refused so. */
static bool faulty(const char *head, const char *body, const char *sentence)
{
    fixture_t f = fixture_new();
    char text[8192];
    snprintf(text, sizeof text,
             "path: /x/{id}\ntitle: X\nwho: public\nlayout: plain\n%s\n---\n%s\n", head, body);
    put(&f, "portal/x.page", text);
    fixture_load(&f, false);
    bool found = !f.set && f.faults.size && strstr(f.faults.data, sentence);
    if (!found)
        fprintf(stderr, "    got: %s\n", f.faults.size ? f.faults.data : "no fault");
    fixture_free(&f);
    return found;
}

#define GOOD_HEAD "path: /\ntitle: {{site.name}}\nwho: public\nlayout: plain\n"

TEST(page_is_bound_to_the_contract)
{
    fixture_t f = fixture_new();
    put(&f, "portal/case.page",
        "# a comment\n"
        "path: /my/cases/{id}\n"
        "title: {{case.summary.itemName}}\n"
        "who: person MEDIUM\n"
        "layout: plain\n"
        "data case: case.GetCase id={path.id}\n"
        "data? item if query.more: catalog.GetItem\n"
        "  id={case.summary.itemId}\n"
        "# between\n"
        "  version={case.itemVersion}\n"
        "post withdraw: case.Withdraw id={path.id}\n"
        "  then: /my/cases/{path.id}?done={answer.id} keep\n"
        "---\n"
        "{{#item}}{{name}}{{/item}}{{case.summary.state}}");
    fixture_load(&f, false);
    EXPECT(f.set && !f.faults.size);
    route_match_t match = page_find(f.set, VERB_GET, SPAN("/my/cases/7"));
    const page_t *page = match.route ? match.route->owner : NULL;
    EXPECT(page && span_is(match.values[0], "7") && text_equal(page->variables[0], "id"));
    EXPECT(page->who == PAGE_PERSON && page->as == PAGE_AS_PERSON && page->level == 3);
    EXPECT(page->data_count == 2 && !page->data[0].optional && page->data[1].optional);
    EXPECT(page->data[1].conditional && page->data[1].needs == 1 && page->data[0].needs == 0);
    EXPECT(page->data[1].bind_count == 2 && page->data[1].binds[0].value.count == 1);
    EXPECT(page->form_count == 1 && page->forms[0].keep && !page->forms[0].stay);
    EXPECT(page->forms[0].then.count == 4);
    EXPECT(page_find(f.set, VERB_POST, SPAN("/my/cases/7")).route != NULL);
    EXPECT(page_named(f.set, "portal/case") == page && !page_named(f.set, "portal/cas"));
    EXPECT(page_form(page, NULL, "withdraw") == &page->forms[0]);
    EXPECT(page_form(page, "/my/cases/9?x=1", "withdraw") == &page->forms[0]);
    EXPECT(!page_form(page, NULL, "other") && !page_form(page, "/nothing", "withdraw"));
    fixture_free(&f);
}

TEST(page_without_forms_takes_none)
{
    fixture_t f = fixture_new();
    put(&f, "home.page", GOOD_HEAD "---\n");
    fixture_load(&f, false);
    EXPECT(f.set != NULL);
    EXPECT(page_find(f.set, VERB_GET, SPAN("/")).route != NULL);
    EXPECT(!page_find(f.set, VERB_POST, SPAN("/")).route);
    EXPECT(page_find(f.set, VERB_POST, SPAN("/")).verbs == 1u << VERB_GET);
    fixture_free(&f);
}

/* Pages for those who develop are checked always, and served only then. */
TEST(page_of_development)
{
    fixture_t f = fixture_new();
    put(&f, "s.page", "path: /s\ntitle: S\nwho: public\nlayout: plain\ndevelop: yes\n---\n");
    fixture_load(&f, false);
    EXPECT(f.set && !page_find(f.set, VERB_GET, SPAN("/s")).verbs && page_named(f.set, "s"));
    fixture_load(&f, true);
    EXPECT(f.set && page_find(f.set, VERB_GET, SPAN("/s")).route);
    put(&f, "s.page", "path: /s\ntitle: S\nwho: public\nlayout: plain\ndevelop: yes\n---\n{{nix}}");
    fixture_load(&f, false);
    EXPECT(!f.set);
    fixture_free(&f);
}

TEST(page_faults_have_file_and_line)
{
    EXPECT(
        faulty("data a: case.Nix", "", "portal/x.page:5: the contract has no method `case.Nix`"));
    EXPECT(faulty("\n\nnix: 1", "", "portal/x.page:7: there is no key `nix`"));
    EXPECT(faulty("", "\n{{nix}}", "portal/x.page:8:"));
}

TEST(page_faults_of_calls)
{
    EXPECT(faulty("data a: catalog.GetItem nix={path.id}", "", "has no field `nix`"));
    EXPECT(faulty("data a: catalog.GetItem id={path.nix}", "", "{path.nix}"));
    EXPECT(faulty("data a: catalog.GetItem id={b.x}\ndata b: identity.GetAgreement", "", "{b.x}"));
    EXPECT(faulty("data a: catalog.GetItem id={b.version}\ndata b: identity.GetAgreement", "",
                  "put that before"));
    EXPECT(faulty("data a: catalog.GetItem id={path.id", "", "is not closed"));
    EXPECT(faulty("data a: catalog.GetItem id", "", "is not field=value"));
    EXPECT(faulty("data a: catalog.GetItem id={site}", "", "cannot become"));
    EXPECT(faulty("data a: case.Accept id={path.id}", "", "only forms may call it"));
    EXPECT(faulty("data a: identity.GetStaffSelf", "", "cannot be called by who sees this page"));
    EXPECT(faulty("data a: identity.SearchItems\ndata a: identity.GetAgreement", "", "no method"));
    EXPECT(faulty("data a: identity.GetAgreement\ndata a: identity.GetAgreement", "",
                  "there is this name already"));
    EXPECT(faulty("data site: identity.GetAgreement", "", "there is this name already"));
    EXPECT(faulty("data a: case.ListCases group=NIX", "", "`NIX`"));
    EXPECT(faulty("data a: case.ListCases pageSize=many", "", "`many` cannot become"));
}

TEST(page_faults_of_forms)
{
    EXPECT(faulty("post a: identity.Login\n  then: nowhere", "", "then: is a path of ours"));
    EXPECT(faulty("post a: identity.Login", "", "then: is missing"));
    EXPECT(faulty("post a: identity.Login\n  then: /{answer.nix}", "", "answer.nix"));
    EXPECT(faulty("  then: /x", "", "there is none before it"));
    EXPECT(faulty("post a: identity.SendCode\n  then: /x\n  sign in: person", "",
                  "does not answer with identity.SessionTokens"));
    EXPECT(faulty("post a: case.GetFile id={path.id}\n  then: /x", "", "is not for forms"));
    EXPECT(faulty("post a: case.PutFile\n  then: /x", "", "files: goes with"));
    EXPECT(faulty("post a: identity.ListRevocations\n  then: /x", "", "is not for forms"));
    EXPECT(faulty("post a: identity.GetStaffSelf\n  then: /x", "", "cannot be called"));
    EXPECT(faulty("", "{{@form nix}}{{@end}}", "nix"));
}

TEST(page_faults_of_the_rest)
{
    EXPECT(faulty("who: staff case.nix", "", "is no permission of the contract"));
    EXPECT(faulty("who: person VERY", "", "is no level"));
    EXPECT(faulty("who: king", "", "who: is public, person or staff"));
    EXPECT(faulty("layout: nix", "", "there is no layout/nix.html"));
    EXPECT(faulty("make a: nix", "", "there is no function `nix`"));
    EXPECT(faulty("flash a: case.Nix", "", "the contract has no answer `case.Nix`"));
    EXPECT(faulty("file: case.GetCase id={path.id}", "", "gives no file"));
    EXPECT(faulty("go: /{path.nix} if query.x", "", "path.nix"));
    EXPECT(faulty("", "{{session.may.nix_nix}}", "nix_nix"));
    EXPECT(faulty("", "{{typed.nix.a}}", "nix"));
    EXPECT(faulty("path: /y", "", "a page has one path"));
}

static bool path_fault(const char *path, const char *sentence)
{
    fixture_t f = fixture_new();
    char text[512];
    snprintf(text, sizeof text, "path: %s\ntitle: X\nwho: public\nlayout: plain\n---\n", path);
    put(&f, "x.page", text);
    put(&f, "y.page", "path: /taken/{a}/x\ntitle: X\nwho: public\nlayout: plain\n---\n");
    fixture_load(&f, false);
    bool found = !f.set && strstr(f.faults.data, sentence);
    fixture_free(&f);
    return found;
}

TEST(page_faults_of_paths)
{
    EXPECT(path_fault("x", "is not a path"));
    EXPECT(path_fault("/x//y", "is not a path"));
    EXPECT(path_fault("/x/", "is not a path"));
    EXPECT(path_fault("/x/{a}/{a}", "is not a path"));
    EXPECT(path_fault("/x/{}", "is not a path"));
    EXPECT(path_fault("/x/{a}b", "is not a path"));
    EXPECT(path_fault("/x?y", "is not a path"));
    EXPECT(path_fault("/api/x", "is the gateway's own"));
    EXPECT(path_fault("/static", "is the gateway's own"));
    EXPECT(path_fault("/taken/{other}/x", "is the path of"));
    EXPECT(!path_fault("/statics", ""));
    EXPECT(!path_fault("/taken/{other}/y", ""));
}

/* A set outlives the one that replaces it as long as somebody holds it. */
TEST(page_set_is_freed_by_the_last)
{
    fixture_t f = fixture_new();
    put(&f, "home.page", GOOD_HEAD "---\nold");
    fixture_load(&f, true);
    page_set_t *old = page_set_hold(f.set);
    put(&f, "home.page", GOOD_HEAD "---\nnew {{nix}}");
    fixture_load(&f, true);
    EXPECT(!f.set && old);
    EXPECT(page_find(old, VERB_GET, SPAN("/")).route != NULL);
    page_set_drop(&old);
    EXPECT(!old);
    fixture_free(&f);
}

TEST(page_permission_by_name)
{
    EXPECT(page_permission_is("case.receive", "case_receive", 12));
    EXPECT(page_permission_is("case.receive", "case.receive", 12));
    EXPECT(!page_permission_is("case.receive", "case_receiv", 11));
    EXPECT(!page_permission_is("case.receive", "case_receives", 13));
    EXPECT(!page_permission_is("case.receive", "case-receive", 12));
}
