#include "highlight.h"
#include "message.h"
#include "text.h"

enum { ASKED_MAX = 128, TEXT_MAX = 2000 };

typedef struct {
    uint32_t code;
    size_t at; /* byte where it begins */
} letter_t;

static uint32_t fold(uint32_t code)
{
    if (code >= 0xFF01 && code <= 0xFF5E) /* full width */
        code -= 0xFEE0;
    return code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code;
}

static size_t read_letters(const char *text, letter_t *out, size_t max)
{
    size_t count = 0, at = 0;
    uint32_t code;
    for (size_t step; count < max && (step = text_next(text + at, &code)) > 0; at += step)
        out[count++] = (letter_t){fold(code), at};
    out[count] = (letter_t){0, at};
    return count;
}

/* Longest run at `text` that also stands somewhere in what was asked. */
static size_t common_run(const letter_t *text, size_t text_count, const letter_t *asked,
                         size_t asked_count)
{
    size_t longest = 0;
    for (size_t i = 0; i < asked_count; i++) {
        size_t run = 0;
        while (run < text_count && i + run < asked_count && asked[i + run].code != ' ' &&
               text[run].code == asked[i + run].code)
            run++;
        if (run > longest)
            longest = run;
    }
    return longest;
}

/* Marks what was asked for.  Two ideographs or one whole word make a hit, a lone ideograph only
 * when nothing more was asked. */
static size_t mark(const letter_t *text, size_t count, const letter_t *asked, size_t asked_count,
                   bool *hits, size_t *longest)
{
    size_t least = asked_count < 2 ? 1 : 2;
    size_t marked = 0;
    *longest = 0;
    for (size_t i = 0; i < count;) {
        size_t run = common_run(text + i, count - i, asked, asked_count);
        bool hit = run >= least;
        size_t step = hit ? run : 1;
        for (size_t k = 0; k < step; k++)
            hits[i + k] = hit;
        marked += hit ? run : 0;
        *longest = hit && run > *longest ? run : *longest;
        i += step;
    }
    return marked;
}

static bool add_segment(Catalog__Segment **out, size_t *count, const char *text, size_t size,
                        bool hit, arena_t *arena)
{
    Catalog__Segment *segment =
        (Catalog__Segment *) message_new(&catalog__segment__descriptor, arena);
    if (!segment)
        return false;
    segment->text = arena_copy(arena, text, size);
    segment->hit = hit;
    out[(*count)++] = segment;
    return segment->text != NULL;
}

size_t highlight(const char *text, const char *asked, size_t length_max, arena_t *arena,
                 Catalog__Segment ***ret)
{
    enum { SEGMENTS_MAX = 50 };
    letter_t letters[TEXT_MAX + 1], words[ASKED_MAX + 1];
    bool hits[TEXT_MAX + 1] = {false};
    size_t count = read_letters(text, letters, TEXT_MAX);
    size_t asked_count = read_letters(asked, words, ASKED_MAX);
    size_t longest;
    mark(letters, count, words, asked_count, hits, &longest);

    size_t first = 0;
    while (first < count && !hits[first])
        first++;
    size_t start = first == count || first < length_max / 3 ? 0 : first - length_max / 3;
    size_t end = count - start > length_max ? start + length_max : count;

    Catalog__Segment **out = ARRAY(arena, Catalog__Segment *, SEGMENTS_MAX);
    size_t segments = 0;
    for (size_t i = start; out && i < end && segments < SEGMENTS_MAX;) {
        size_t k = i;
        while (k < end && hits[k] == hits[i])
            k++;
        if (!add_segment(out, &segments, text + letters[i].at, letters[k].at - letters[i].at,
                         hits[i], arena))
            break;
        i = k;
    }
    *ret = out;
    return segments;
}

size_t highlight_count(const char *text, const char *asked)
{
    letter_t letters[TEXT_MAX + 1], words[ASKED_MAX + 1];
    bool hits[TEXT_MAX + 1];
    size_t count = read_letters(text, letters, TEXT_MAX);
    size_t longest;
    return mark(letters, count, words, read_letters(asked, words, ASKED_MAX), hits, &longest);
}

/* How well one line answers what was asked: 0 ... 15.  *ret_covered: the part of what was
 * asked that is in it. */
static double fit_line(const letter_t *letters, size_t count, const letter_t *words,
                       size_t asked_count, double *ret_covered)
{
    bool hits[TEXT_MAX + 1];
    size_t asked = 0;
    for (size_t i = 0; i < asked_count; i++)
        asked += words[i].code != ' ';
    if (count == 0 || asked == 0)
        return 0;
    size_t longest;
    size_t marked = mark(letters, count, words, asked_count, hits, &longest);
    double covered = marked < asked ? (double) marked / (double) asked : 1;
    double filled = (double) marked / (double) count;
    bool whole = longest >= asked;
    if (ret_covered)
        *ret_covered += covered;
    bool exact = whole && marked == count;
    return 4 * covered + 3 * filled + (whole ? 2 : 0) + (exact ? 6 : 0);
}

double highlight_fit(const char *called, const char *asked, double *ret_covered)
{
    enum { NAMES_CHARACTERS_MAX = 400 };
    letter_t letters[NAMES_CHARACTERS_MAX + 1], words[ASKED_MAX + 1];
    size_t count = read_letters(called, letters, NAMES_CHARACTERS_MAX);
    size_t asked_count = read_letters(asked, words, ASKED_MAX);
    double best = 0;
    *ret_covered = 0;
    for (size_t i = 0; i < count;) {
        size_t end = i;
        while (end < count && letters[end].code != '\n')
            end++;
        double score = fit_line(letters + i, end - i, words, asked_count, ret_covered);
        score *= i == 0 ? 1 : 0.8;
        best = score > best ? score : best;
        i = end + 1;
    }
    return best;
}
