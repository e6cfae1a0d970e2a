/* template_spec_test.c - the Mustache specification, its core modules, case by case.
 *
 * The names are the specification's (https://github.com/mustache/spec, v1.4); the words are
 * ours.  Data is JSON: its static types are inferred, so the cases go through the same
 * resolution of names as pages do.  With MUSTACHE_SPEC=FOLDER the specification's own
 * files there (comments.json …) are run as well. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "json.h"
#include "message.h"
#include "template.h"
#include "test.h"
#include "text.h"

/* --- JSON as datum ----------------------------------------------------------------- */

static size_t children(const json_t *json)
{
    size_t count = 0;
    for (const json_t *child = json->child; child; child = child->next)
        count++;
    return count;
}

static const datum_type_t *type_of(const json_t *json, arena_t *arena);

/* What either may be: entries of a list need not have the same names. */
static const datum_type_t *merge(const datum_type_t *a, const datum_type_t *b, arena_t *arena)
{
    if (!a || a->kind == DATUM_NONE)
        return b;
    if (!b || b->kind == DATUM_NONE || a->kind != b->kind)
        return a;
    if (a->kind == DATUM_LIST)
        return datum_type_list(merge(a->entry, b->entry, arena), arena);
    if (a->kind != DATUM_RECORD)
        return a;
    size_t count = 0;
    datum_name_t *names = ARRAY(arena, datum_name_t, 64);
    for (const datum_name_t *name = a->names; name->name; name++)
        names[count++] = *name;
    for (const datum_name_t *name = b->names; name->name; name++) {
        int slot = datum_type_slot(a, name->name, strlen(name->name));
        if (slot < 0)
            names[count++] = *name;
        else
            names[slot].type = merge(names[slot].type, name->type, arena);
    }
    CHECK(count < 64);
    return datum_type_record(names, arena);
}

static const datum_type_t *type_of_object(const json_t *json, arena_t *arena)
{
    datum_name_t *names = ARRAY(arena, datum_name_t, children(json) + 1);
    size_t count = 0;
    for (const json_t *child = json->child; child; child = child->next)
        names[count++] = (datum_name_t){child->name, type_of(child, arena)};
    return datum_type_record(names, arena);
}

static const datum_type_t *type_of(const json_t *json, arena_t *arena)
{
    const datum_type_t *entry = NULL;
    switch (json->kind) {
    case JSON_NULL:
        return &datum_type_none;
    case JSON_FALSE:
    case JSON_TRUE:
        return &datum_type_bool;
    case JSON_ARRAY:
        for (const json_t *child = json->child; child; child = child->next)
            entry = merge(entry, type_of(child, arena), arena);
        return datum_type_list(entry, arena);
    case JSON_OBJECT:
        return type_of_object(json, arena);
    default:
        return &datum_type_text;
    }
}

static datum_t value_of(const json_t *json, const datum_type_t *type, arena_t *arena);

static datum_t array_of(const json_t *json, const datum_type_t *type, arena_t *arena)
{
    datum_t *entries = ARRAY(arena, datum_t, children(json));
    size_t count = 0;
    for (const json_t *child = json->child; child; child = child->next)
        entries[count++] = value_of(child, type->entry, arena);
    return datum_array(entries, count);
}

static datum_t record_of(const json_t *json, const datum_type_t *type, arena_t *arena)
{
    size_t count = 0;
    while (type->names[count].name)
        count++;
    datum_t *slots = ARRAY(arena, datum_t, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *member = json_member(json, type->names[i].name);
        slots[i] = member ? value_of(member, type->names[i].type, arena) : datum_none();
    }
    return datum_record(slots);
}

/* 1.210 is 1.21: "decimals should interpolate with proper significance". */
static datum_t number_of(const json_t *json, arena_t *arena)
{
    char *text = arena_text(arena, json->text);
    size_t size = strlen(text);
    while (strchr(text, '.') && (text[size - 1] == '0' || text[size - 1] == '.'))
        text[--size] = 0;
    return datum_text(text);
}

static datum_t value_of(const json_t *json, const datum_type_t *type, arena_t *arena)
{
    switch (json->kind) {
    case JSON_NULL:
        return datum_none();
    case JSON_FALSE:
    case JSON_TRUE:
        return datum_bool(json->kind == JSON_TRUE);
    case JSON_NUMBER:
        return number_of(json, arena);
    case JSON_TEXT:
        return datum_text(json->text);
    case JSON_ARRAY:
        return array_of(json, type, arena);
    case JSON_OBJECT:
        return record_of(json, type, arena);
    }
    return datum_none();
}

/* --- running a case ------------------------------------------------------------------- */

static bool find_partial(const void *owner, const char *name, size_t size, template_source_t *ret)
{
    const json_t *partials = owner;
    for (const json_t *child = partials ? partials->child : NULL; child; child = child->next)
        if (strlen(child->name) == size && memcmp(child->name, name, size) == 0) {
            *ret = (template_source_t){child->name, child->text, strlen(child->text), 1};
            return true;
        }
    return false;
}

static const char *run(const char *template, const json_t *data, const json_t *partials,
                       arena_t *arena)
{
    static template_faults_t faults;
    const datum_type_t *type = type_of(data, arena);
    template_options_t options = {
        .root = type, .partial = find_partial, .owner = partials, .raw = true, .loose = true};
    template_source_t source = {"case", template, strlen(template), 1};
    faults.count = 0;
    const template_t *compiled = template_compile(&options, &source, arena, &faults);
    if (!compiled)
        return faults.count ? faults.faults[0] : "no fault told";
    datum_t root = value_of(data, type, arena);
    template_scope_t scope = {.root = type->kind == DATUM_RECORD ? root.slots : &root,
                              .arena = arena};
    buffer_t out = buffer_new(1 << 20);
    const char *stop = template_render(compiled, &scope, &out);
    const char *ret = stop ? stop : arena_copy(arena, out.size ? out.data : "", out.size);
    buffer_free(&out);
    return ret;
}

static bool passes(const char *name, const char *template, const json_t *data,
                   const json_t *partials, const char *expected, arena_t *arena)
{
    const char *got = run(template, data, partials, arena);
    bool right = text_equal(got, expected);
    if (!right)
        printf("%s\n template: %s\n expected: %s\n      got: %s\n", name, template, expected, got);
    return right;
}

typedef struct {
    const char *name, *data, *template, *expected, *partials;
} spec_case_t;

static const json_t *read_json(const char *text, arena_t *arena)
{
    const char *error;
    size_t at;
    const json_t *json = json_read(text, strlen(text), arena, &error, &at);
    if (!json)
        printf("%s at %zu of %s\n", error, at, text);
    CHECK(json);
    return json;
}

static bool all_pass(const spec_case_t *cases, size_t count)
{
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        arena_t *arena = arena_new(4 << 20);
        const json_t *partials = cases[i].partials ? read_json(cases[i].partials, arena) : NULL;
        right &= passes(cases[i].name, cases[i].template, read_json(cases[i].data, arena), partials,
                        cases[i].expected, arena);
        arena_free(&arena);
    }
    return right;
}

#define ALL_PASS(cases) all_pass(cases, sizeof(cases) / sizeof *(cases))

/* --- comments ---------------------------------------------------------------------------- */

TEST(spec_comments)
{
    static const spec_case_t cases[] = {
        {"Inline", "{}", "ab{{! not this! }}cd", "abcd", NULL},
        {"Multiline", "{}", "ab{{!\n not\n  this\n}}cd\n", "abcd\n", NULL},
        {"Standalone", "{}", "A\n{{! not this }}\nB\n", "A\nB\n", NULL},
        {"Indented Standalone", "{}", "A\n   {{! not this }}\nB\n", "A\nB\n", NULL},
        {"Standalone Line Endings", "{}", "-\r\n{{! x }}\r\n-", "-\r\n-", NULL},
        {"Standalone Without Previous Line", "{}", "  {{! x }}\n+", "+", NULL},
        {"Standalone Without Newline", "{}", "+\n  {{! x }}", "+\n", NULL},
        {"Multiline Standalone", "{}", "A\n{{!\nx\n}}\nB\n", "A\nB\n", NULL},
        {"Indented Multiline Standalone", "{}", "A\n  {{!\n    x\n  }}\nB\n", "A\nB\n", NULL},
        {"Indented Inline", "{}", "  ab {{! cd }}\n", "  ab \n", NULL},
        {"Surrounding Whitespace", "{}", "ab {{! x }} cd", "ab  cd", NULL},
        {"Variable Name Collision", "{\"! x\": 1, \"! x \": 2, \"!x\": 3, \"x\": 4}",
         "of nobody: >{{! x }}<", "of nobody: ><", NULL},
    };
    EXPECT(ALL_PASS(cases));
}

/* --- delimiters --------------------------------------------------------------------------- */

TEST(spec_delimiters)
{
    static const spec_case_t cases[] = {
        {"Pair Behavior", "{\"t\": \"Hi\"}", "{{=<% %>=}}(<%t%>)", "(Hi)", NULL},
        {"Special Characters", "{\"t\": \"Hi\"}", "({{=[ ]=}}[t])", "(Hi)", NULL},
        {"Sections", "{\"s\": true, \"d\": \"got\"}",
         "[\n{{#s}}\n  {{d}}\n  |d|\n{{/s}}\n\n{{= | | =}}\n|#s|\n  {{d}}\n  |d|\n|/s|\n]\n",
         "[\n  got\n  |d|\n\n  {{d}}\n  got\n]\n", NULL},
        {"Inverted Sections", "{\"s\": false, \"d\": \"got\"}",
         "[\n{{^s}}\n  {{d}}\n  |d|\n{{/s}}\n\n{{= | | =}}\n|^s|\n  {{d}}\n  |d|\n|/s|\n]\n",
         "[\n  got\n  |d|\n\n  {{d}}\n  got\n]\n", NULL},
        {"Partial Inheritence", "{\"v\": \"yes\"}",
         "[ {{>include}} ]\n{{= | | =}}\n[ |>include| ]\n", "[ .yes. ]\n[ .yes. ]\n",
         "{\"include\": \".{{v}}.\"}"},
        {"Post-Partial Behavior", "{\"v\": \"yes\"}", "[ {{>include}} ]\n[ .{{v}}.  .|v|. ]\n",
         "[ .yes.  .yes. ]\n[ .yes.  .|v|. ]\n", "{\"include\": \".{{v}}. {{= | | =}} .|v|.\"}"},
        {"Surrounding Whitespace", "{}", "- {{=@ @=}} -", "-  -", NULL},
        {"Outlying Whitespace (Inline)", "{}", " - {{=@ @=}}\n", " - \n", NULL},
        {"Standalone Tag", "{}", "A\n{{=@ @=}}\nB\n", "A\nB\n", NULL},
        {"Indented Standalone Tag", "{}", "A\n  {{=@ @=}}\nB\n", "A\nB\n", NULL},
        {"Standalone Line Endings", "{}", "-\r\n{{= @ @ =}}\r\n-", "-\r\n-", NULL},
        {"Standalone Without Previous Line", "{}", "  {{=@ @=}}\n=", "=", NULL},
        {"Standalone Without Newline", "{}", "=\n  {{=@ @=}}", "=\n", NULL},
        {"Pair with Padding", "{}", "-{{= @   @ =}}-", "--", NULL},
    };
    EXPECT(ALL_PASS(cases));
}

/* --- interpolation -------------------------------------------------------------------------- */

#define FIVE  "{\"a\": {\"b\": {\"c\": {\"d\": {\"e\": {\"name\": \"Lin\"}}}}}"
#define SIGNS "{\"x\": \"& \\\" < >\"}"

TEST(spec_interpolation)
{
    static const spec_case_t cases[] = {
        {"No Interpolation", "{}", "Greetings of {Mustache}!\n", "Greetings of {Mustache}!\n",
         NULL},
        {"Basic Interpolation", "{\"w\": \"all\"}", "Hi, {{w}}!\n", "Hi, all!\n", NULL},
        {"No Re-interpolation", "{\"w\": \"{{p}}\", \"p\": \"earth\"}", "{{w}}: {{p}}",
         "{{p}}: earth", NULL},
        {"HTML Escaping", SIGNS, "these: {{x}}\n", "these: &amp; &quot; &lt; &gt;\n", NULL},
        {"Triple Mustache", SIGNS, "these: {{{x}}}\n", "these: & \" < >\n", NULL},
        {"Ampersand", SIGNS, "these: {{&x}}\n", "these: & \" < >\n", NULL},
        {"Basic Integer Interpolation", "{\"n\": 85}", "{{n}} km", "85 km", NULL},
        {"Triple Mustache Integer Interpolation", "{\"n\": 85}", "{{{n}}} km", "85 km", NULL},
        {"Ampersand Integer Interpolation", "{\"n\": 85}", "{{&n}} km", "85 km", NULL},
        {"Basic Decimal Interpolation", "{\"n\": 1.210}", "{{n}} W", "1.21 W", NULL},
        {"Triple Mustache Decimal Interpolation", "{\"n\": 1.210}", "{{{n}}} W", "1.21 W", NULL},
        {"Ampersand Decimal Interpolation", "{\"n\": 1.210}", "{{&n}} W", "1.21 W", NULL},
        {"Basic Null Interpolation", "{\"n\": null}", "({{n}})", "()", NULL},
        {"Triple Mustache Null Interpolation", "{\"n\": null}", "({{{n}}})", "()", NULL},
        {"Ampersand Null Interpolation", "{\"n\": null}", "({{&n}})", "()", NULL},
        {"Basic Context Miss Interpolation", "{}", "({{n}})", "()", NULL},
        {"Triple Mustache Context Miss Interpolation", "{}", "({{{n}}})", "()", NULL},
        {"Ampersand Context Miss Interpolation", "{}", "({{&n}})", "()", NULL},
        {"Dotted Names - Basic Interpolation", "{\"p\": {\"name\": \"Mu\"}}",
         "{{p.name}} = {{#p}}{{name}}{{/p}}", "Mu = Mu", NULL},
        {"Dotted Names - Triple Mustache Interpolation", "{\"p\": {\"name\": \"Mu\"}}",
         "{{{p.name}}} = {{#p}}{{{name}}}{{/p}}", "Mu = Mu", NULL},
        {"Dotted Names - Ampersand Interpolation", "{\"p\": {\"name\": \"Mu\"}}",
         "{{&p.name}} = {{#p}}{{&name}}{{/p}}", "Mu = Mu", NULL},
        {"Dotted Names - Arbitrary Depth", FIVE "}", "{{a.b.c.d.e.name}}", "Lin", NULL},
        {"Dotted Names - Broken Chains", "{\"a\": {}}", "({{a.b.c}})", "()", NULL},
        {"Dotted Names - Broken Chain Resolution",
         "{\"a\": {\"b\": {}}, \"c\": {\"name\": \"Wu\"}}", "({{a.b.c.name}})", "()", NULL},
        {"Dotted Names - Initial Resolution",
         FIVE ", \"b\": {\"c\": {\"d\": {\"e\": {\"name\": \"no\"}}}}}",
         "{{#a}}{{b.c.d.e.name}}{{/a}}", "Lin", NULL},
        {"Dotted Names - Context Precedence", "{\"a\": {\"b\": {}}, \"b\": {\"c\": \"no\"}}",
         "({{#a}}{{b.c}}{{/a}})", "()", NULL},
        {"Dotted Names are never single keys", "{\"a.b\": \"c\"}", "({{a.b}})", "()", NULL},
        {"Dotted Names - No Masking", "{\"a.b\": \"c\", \"a\": {\"b\": \"d\"}}", "{{a.b}}", "d",
         NULL},
        {"Implicit Iterators - Basic Interpolation", "\"all\"", "Hi, {{.}}!\n", "Hi, all!\n", NULL},
        {"Implicit Iterators - HTML Escaping", "\"& \\\" < >\"", "{{.}}", "&amp; &quot; &lt; &gt;",
         NULL},
        {"Implicit Iterators - Triple Mustache", "\"& \\\" < >\"", "{{{.}}}", "& \" < >", NULL},
        {"Implicit Iterators - Ampersand", "\"& \\\" < >\"", "{{&.}}", "& \" < >", NULL},
        {"Implicit Iterators - Basic Integer Interpolation", "85", "{{.}} km", "85 km", NULL},
        {"Interpolation - Surrounding Whitespace", "{\"s\": \"+++\"}", "| {{s}} |", "| +++ |",
         NULL},
        {"Triple Mustache - Surrounding Whitespace", "{\"s\": \"+++\"}", "| {{{s}}} |", "| +++ |",
         NULL},
        {"Ampersand - Surrounding Whitespace", "{\"s\": \"+++\"}", "| {{&s}} |", "| +++ |", NULL},
        {"Interpolation - Standalone", "{\"s\": \"+++\"}", "  {{s}}\n", "  +++\n", NULL},
        {"Triple Mustache - Standalone", "{\"s\": \"+++\"}", "  {{{s}}}\n", "  +++\n", NULL},
        {"Ampersand - Standalone", "{\"s\": \"+++\"}", "  {{&s}}\n", "  +++\n", NULL},
        {"Interpolation With Padding", "{\"s\": \"+++\"}", "|{{ s }}|", "|+++|", NULL},
        {"Triple Mustache With Padding", "{\"s\": \"+++\"}", "|{{{ s }}}|", "|+++|", NULL},
        {"Ampersand With Padding", "{\"s\": \"+++\"}", "|{{& s }}|", "|+++|", NULL},
    };
    EXPECT(ALL_PASS(cases));
}

/* --- inverted ---------------------------------------------------------------------------------- */

TEST(spec_inverted)
{
    static const spec_case_t cases[] = {
        {"Falsey", "{\"b\": false}", "({{^b}}shown{{/b}})", "(shown)", NULL},
        {"Truthy", "{\"b\": true}", "({{^b}}hidden{{/b}})", "()", NULL},
        {"Null is falsey", "{\"b\": null}", "({{^b}}shown{{/b}})", "(shown)", NULL},
        {"Context", "{\"c\": {\"name\": \"Mu\"}}", "({{^c}}Hi {{name}}{{/c}})", "()", NULL},
        {"List", "{\"l\": [{\"n\": 1}, {\"n\": 2}]}", "({{^l}}{{n}}{{/l}})", "()", NULL},
        {"Empty List", "{\"l\": []}", "({{^l}}none{{/l}})", "(none)", NULL},
        {"Doubled", "{\"b\": false, \"t\": \"two\"}",
         "{{^b}}\n* one\n{{/b}}\n* {{t}}\n{{^b}}\n* three\n{{/b}}\n", "* one\n* two\n* three\n",
         NULL},
        {"Nested (Falsey)", "{\"b\": false}", "| A {{^b}}B {{^b}}C{{/b}} D{{/b}} E |",
         "| A B C D E |", NULL},
        {"Nested (Truthy)", "{\"b\": true}", "| A {{^b}}B {{^b}}C{{/b}} D{{/b}} E |", "| A  E |",
         NULL},
        {"Context Misses", "{}", "[{{^m}}no m{{/m}}]", "[no m]", NULL},
        {"Dotted Names - Truthy", "{\"a\": {\"b\": {\"c\": true}}}", "({{^a.b.c}}no{{/a.b.c}})",
         "()", NULL},
        {"Dotted Names - Falsey", "{\"a\": {\"b\": {\"c\": false}}}", "({{^a.b.c}}no{{/a.b.c}})",
         "(no)", NULL},
        {"Dotted Names - Broken Chains", "{\"a\": {}}", "({{^a.b.c}}no{{/a.b.c}})", "(no)", NULL},
        {"Surrounding Whitespace", "{\"b\": false}", " | {{^b}}\t|\t{{/b}} | \n", " | \t|\t | \n",
         NULL},
        {"Internal Whitespace", "{\"b\": false}", " | {{^b}} {{! kept }}\n {{/b}} | \n",
         " |  \n  | \n", NULL},
        {"Indented Inline Sections", "{\"b\": false}", " {{^b}}NO{{/b}}\n {{^b}}WAY{{/b}}\n",
         " NO\n WAY\n", NULL},
        {"Standalone Lines", "{\"b\": false}", "| A\n{{^b}}\n|\n{{/b}}\n| B\n", "| A\n|\n| B\n",
         NULL},
        {"Standalone Indented Lines", "{\"b\": false}", "| A\n  {{^b}}\n|\n  {{/b}}\n| B\n",
         "| A\n|\n| B\n", NULL},
        {"Standalone Line Endings", "{\"b\": false}", "|\r\n{{^b}}\r\n{{/b}}\r\n|", "|\r\n|", NULL},
        {"Standalone Without Previous Line", "{\"b\": false}", "  {{^b}}\n^{{/b}}\n/", "^\n/",
         NULL},
        {"Standalone Without Newline", "{\"b\": false}", "^{{^b}}\n/\n  {{/b}}", "^\n/\n", NULL},
        {"Padding", "{\"b\": false}", "|{{^ b }}={{/ b }}|", "|=|", NULL},
    };
    EXPECT(ALL_PASS(cases));
}

/* --- partials ------------------------------------------------------------------------------------ */

TEST(spec_partials)
{
    static const spec_case_t cases[] = {
        {"Basic Behavior", "{}", "({{>t}})", "(of a partial)", "{\"t\": \"of a partial\"}"},
        {"Failed Lookup", "{}", "({{>t}})", "()", "{}"},
        {"Context", "{\"t\": \"inside\"}", "({{>p}})", "(*inside*)", "{\"p\": \"*{{t}}*\"}"},
        {"Recursion", "{\"c\": \"X\", \"n\": [{\"c\": \"Y\", \"n\": []}]}", "{{>node}}", "X<Y<>>",
         "{\"node\": \"{{c}}<{{#n}}{{>node}}{{/n}}>\"}"},
        {"Nested", "{\"a\": \"hi\", \"b\": \"all\"}", "{{>outer}}", "*hi all!*",
         "{\"outer\": \"*{{a}} {{>inner}}*\", \"inner\": \"{{b}}!\"}"},
        {"Surrounding Whitespace", "{}", "| {{>p}} |", "| \t|\t |", "{\"p\": \"\\t|\\t\"}"},
        {"Inline Indentation", "{\"d\": \"|\"}", "  {{d}}  {{> p}}\n", "  |  >\n>\n",
         "{\"p\": \">\\n>\"}"},
        {"Standalone Line Endings", "{}", "|\r\n{{>p}}\r\n|", "|\r\n>|", "{\"p\": \">\"}"},
        {"Standalone Without Previous Line", "{}", "  {{>p}}\n>", "  >\n  >>",
         "{\"p\": \">\\n>\"}"},
        {"Standalone Without Newline", "{}", ">\n  {{>p}}", ">\n  >\n  >", "{\"p\": \">\\n>\"}"},
        {"Standalone Indentation", "{\"c\": \"<\\n->\"}", "\\\n {{>p}}\n/\n",
         "\\\n |\n <\n->\n |\n/\n", "{\"p\": \"|\\n{{{c}}}\\n|\\n\"}"},
        {"Padding Whitespace", "{\"b\": true}", "|{{> p }}|", "|[]|", "{\"p\": \"[]\"}"},
    };
    EXPECT(ALL_PASS(cases));
}

/* --- sections -------------------------------------------------------------------------------------- */

TEST(spec_sections)
{
    static const spec_case_t cases[] = {
        {"Truthy", "{\"b\": true}", "({{#b}}shown{{/b}})", "(shown)", NULL},
        {"Falsey", "{\"b\": false}", "({{#b}}hidden{{/b}})", "()", NULL},
        {"Null is falsey", "{\"b\": null}", "({{#b}}hidden{{/b}})", "()", NULL},
        {"Context", "{\"c\": {\"name\": \"Mu\"}}", "({{#c}}Hi {{name}}{{/c}})", "(Hi Mu)", NULL},
        {"Parent contexts",
         "{\"a\": \"fu\", \"b\": \"no\", \"s\": {\"b\": \"bu\"}, \"c\": {\"d\": \"du\"}}",
         "({{#s}}{{a}}, {{b}}, {{c.d}}{{/s}})", "(fu, bu, du)", NULL},
        {"Variable test", "{\"f\": \"bar\"}", "({{#f}}{{.}} is {{f}}{{/f}})", "(bar is bar)", NULL},
        {"List Contexts",
         "{\"tops\": [{\"t\": {\"up\": \"A\", \"low\": \"a\"},"
         " \"mids\": [{\"m\": \"1\", \"ends\": [{\"e\": \"x\"}, {\"e\": \"y\"}]}]}]}",
         "{{#tops}}{{#mids}}{{t.low}}{{m}}.{{#ends}}{{t.up}}{{m}}{{e}}.{{/ends}}{{/mids}}{{/tops}}",
         "a1.A1x.A1y.", NULL},
        {"Deeply Nested Contexts",
         "{\"a\": {\"i\": 1}, \"b\": {\"ii\": 2}, \"c\": {\"iii\": 3, \"d\": {\"iv\": 4, \"v\": 5}}}",
         "{{#a}}\n{{i}}\n{{#b}}\n{{i}}{{ii}}{{i}}\n{{#c}}\n{{i}}{{ii}}{{iii}}{{ii}}{{i}}\n"
         "{{#d}}\n{{i}}{{ii}}{{iii}}{{iv}}{{iii}}{{ii}}{{i}}\n"
         "{{#v}}\n{{i}}{{iv}}{{v}}{{iv}}{{i}}\n{{i}}{{iv}}{{.}}6{{.}}{{iv}}{{i}}\n{{/v}}\n"
         "{{i}}{{iv}}{{i}}\n{{/d}}\n{{i}}{{iii}}{{i}}\n{{/c}}\n{{i}}{{ii}}{{i}}\n{{/b}}\n{{i}}\n"
         "{{/a}}\n",
         "1\n121\n12321\n1234321\n14541\n1456541\n141\n131\n121\n1\n", NULL},
        {"List", "{\"l\": [{\"n\": 1}, {\"n\": 2}, {\"n\": 3}]}", "({{#l}}{{n}}{{/l}})", "(123)",
         NULL},
        {"Empty List", "{\"l\": []}", "({{#l}}some{{/l}})", "()", NULL},
        {"Doubled", "{\"b\": true, \"t\": \"two\"}",
         "{{#b}}\n* one\n{{/b}}\n* {{t}}\n{{#b}}\n* three\n{{/b}}\n", "* one\n* two\n* three\n",
         NULL},
        {"Nested (Truthy)", "{\"b\": true}", "| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |",
         "| A B C D E |", NULL},
        {"Nested (Falsey)", "{\"b\": false}", "| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", "| A  E |",
         NULL},
        {"Context Misses", "{}", "[{{#m}}m!{{/m}}]", "[]", NULL},
        {"Implicit Iterator - String", "{\"l\": [\"a\", \"b\", \"c\"]}", "({{#l}}<{{.}}{{/l}})",
         "(<a<b<c)", NULL},
        {"Implicit Iterator - Integer", "{\"l\": [1, 2, 3]}", "({{#l}}<{{.}}{{/l}})", "(<1<2<3)",
         NULL},
        {"Implicit Iterator - Decimal", "{\"l\": [1.10, 2.20, 5.50]}", "({{#l}}<{{.}}{{/l}})",
         "(<1.1<2.2<5.5)", NULL},
        {"Implicit Iterator - Array", "{\"l\": [[1, 2], [\"a\", \"b\"]]}",
         "({{#l}}<{{#.}}{{.}}{{/.}}{{/l}})", "(<12<ab)", NULL},
        {"Implicit Iterator - HTML Escaping", "{\"l\": [\"&\", \"\\\"\", \"<\", \">\"]}",
         "{{#l}}({{.}}){{/l}}", "(&amp;)(&quot;)(&lt;)(&gt;)", NULL},
        {"Implicit Iterator - Triple mustache", "{\"l\": [\"&\", \"<\"]}", "{{#l}}({{{.}}}){{/l}}",
         "(&)(<)", NULL},
        {"Implicit Iterator - Ampersand", "{\"l\": [\"&\", \"<\"]}", "{{#l}}({{&.}}){{/l}}",
         "(&)(<)", NULL},
        {"Implicit Iterator - Root-level", "[{\"v\": \"a\"}, {\"v\": \"b\"}]",
         "{{#.}}({{v}}){{/.}}", "(a)(b)", NULL},
        {"Dotted Names - Truthy", "{\"a\": {\"b\": {\"c\": true}}}", "({{#a.b.c}}yes{{/a.b.c}})",
         "(yes)", NULL},
        {"Dotted Names - Falsey", "{\"a\": {\"b\": {\"c\": false}}}", "({{#a.b.c}}yes{{/a.b.c}})",
         "()", NULL},
        {"Dotted Names - Broken Chains", "{\"a\": {}}", "({{#a.b.c}}yes{{/a.b.c}})", "()", NULL},
        {"Surrounding Whitespace", "{\"b\": true}", " | {{#b}}\t|\t{{/b}} | \n", " | \t|\t | \n",
         NULL},
        {"Internal Whitespace", "{\"b\": true}", " | {{#b}} {{! kept }}\n {{/b}} | \n",
         " |  \n  | \n", NULL},
        {"Indented Inline Sections", "{\"b\": true}", " {{#b}}YES{{/b}}\n {{#b}}SO{{/b}}\n",
         " YES\n SO\n", NULL},
        {"Standalone Lines", "{\"b\": true}", "| A\n{{#b}}\n|\n{{/b}}\n| B\n", "| A\n|\n| B\n",
         NULL},
        {"Indented Standalone Lines", "{\"b\": true}", "| A\n  {{#b}}\n|\n  {{/b}}\n| B\n",
         "| A\n|\n| B\n", NULL},
        {"Standalone Line Endings", "{\"b\": true}", "|\r\n{{#b}}\r\n{{/b}}\r\n|", "|\r\n|", NULL},
        {"Standalone Without Previous Line", "{\"b\": true}", "  {{#b}}\n#{{/b}}\n/", "#\n/", NULL},
        {"Standalone Without Newline", "{\"b\": true}", "#{{#b}}\n/\n  {{/b}}", "#\n/\n", NULL},
        {"Padding", "{\"b\": true}", "|{{# b }}={{/ b }}|", "|=|", NULL},
    };
    EXPECT(ALL_PASS(cases));
}

/* --- the specification's own files ---------------------------------------------------------------- */

static char *read_file(const char *folder, const char *name, size_t *ret_size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.json", folder, name);
    FILE *file = fopen(path, "rb");
    char *text = xalloc(1 << 20);
    *ret_size = file ? fread(text, 1, 1 << 20, file) : 0;
    if (file)
        fclose(file);
    return text;
}

static void run_file(const char *folder, const char *name)
{
    size_t size, at;
    const char *error;
    arena_t *arena = arena_new(64 << 20);
    char *text = read_file(folder, name, &size);
    const json_t *file = json_read(text, size, arena, &error, &at);
    const json_t *tests = file ? json_member(file, "tests") : NULL;
    EXPECT(tests);
    for (const json_t *test = tests ? tests->child : NULL; test; test = test->next)
        EXPECT(passes(json_member(test, "name")->text, json_member(test, "template")->text,
                      json_member(test, "data"), json_member(test, "partials"),
                      json_member(test, "expected")->text, arena));
    arena_free(&arena);
    free(text);
}

TEST(spec_of_a_folder)
{
    static const char *const names[] = {"comments", "delimiters", "interpolation",
                                        "inverted", "partials",   "sections"};
    const char *folder = getenv("MUSTACHE_SPEC");
    for (size_t i = 0; folder && i < sizeof names / sizeof *names; i++)
        run_file(folder, names[i]);
}
