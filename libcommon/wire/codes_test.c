#include "codes.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "text.h"
#include "test.h"

static const char *fault(const char *code)
{
    return code ? code : "";
}

static const char *resident(const char *text)
{
    return fault(resident_id_check(text, (long) clock_days(2026, 1, 31)));
}

TEST(resident_ids)
{
    EXPECT(!*resident("11010519491231002X")); /* GB 11643-1999's examples */
    EXPECT(!*resident("440524188001010014"));
    EXPECT(text_equal(resident("110105194912310020"), "check_digit"));
    EXPECT(text_equal(resident("11010519491231002x"), "check_digit")); /* upper case only */
    EXPECT(text_equal(resident("11010519490231002X"), "date"));
    EXPECT(text_equal(resident("1101051949123100"), "length"));
    EXPECT(text_equal(resident("11010519491231002X0"), "length") &&
           text_equal(resident(""), "length"));
    EXPECT(text_equal(resident("1101051949123100XX"), "alphabet"));
    EXPECT(text_equal(resident("11010519491231002Y"), "alphabet"));
    EXPECT(text_equal(resident("99010519491231002X"), "division"));
    EXPECT(text_equal(resident("16010519491231002X"), "division"));
    /* Born today is right with one check character, born tomorrow with none. */
    int good = 0;
    for (const char *digit = "0123456789X"; *digit; digit++) {
        char id[19];
        snprintf(id, sizeof id, "11010520260131001%c", *digit);
        good += !*resident(id);
        snprintf(id, sizeof id, "11010520260201001%c", *digit);
        EXPECT(text_equal(resident(id), "date"));
    }
    EXPECT(good == 1);
    EXPECT(resident_id_sex("11010519491231002X") == 'F');
    EXPECT(resident_id_sex("440524188001010014") == 'M');
    char birth[11];
    resident_id_birth("11010519491231002X", birth);
    EXPECT(strcmp(birth, "1949-12-31") == 0);
}

TEST(credit_codes)
{
    static const char *const good[] = {
        "91350100M000100Y43", "914403001922038216", "91440300708461136T", "91110108551385082Q",
        "91110000600037341L", "11100000000013338W", "11100000MB03271699", "113700000045046442",
        "11330105002500287C", "11440100007482575H", "11370800MB28559184", "11650000010183859F"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        EXPECT(!credit_code_check(good[i]));
        EXPECT(credit_code_digit(good[i]) == good[i][17]);
    }
    EXPECT(text_equal(credit_code_check("91370000163048885U"), "check_digit"));
    EXPECT(text_equal(credit_code_check("1151130000877869M"), "length"));
    EXPECT(text_equal(credit_code_check("11511301I08778183N"), "alphabet"));
    EXPECT(text_equal(credit_code_check("91350100m000100y43"), "alphabet"));
    EXPECT(credit_code_digit("11511301I08778183") == 0);
    EXPECT(text_equal(credit_code_check(""), "length"));
    /* Every single wrong character is found. */
    char code[19];
    for (int i = 0; i < 17; i++) {
        text_copy(code, sizeof code, good[0]);
        code[i] = code[i] == '7' ? '8' : '7';
        EXPECT(text_equal(credit_code_check(code), "check_digit"));
    }
}

TEST(item_codes)
{
    EXPECT(!impl_code_check("11440100007482575H3440118009000")); /* published ones */
    EXPECT(!impl_code_check("11370800MB285591843370117002011"));
    EXPECT(!impl_code_check("11650000010183859F2650116013001"));
    EXPECT(!base_code_check("000117002000") && !base_code_check("440118009000"));
    EXPECT(text_equal(base_code_check("990117002000"), "division"));
    EXPECT(text_equal(base_code_check("443018009000"), "type"));
    EXPECT(!base_code_check("442018009000")); /* 20: public service */
    EXPECT(text_equal(base_code_check("44011800900"), "length"));
    EXPECT(text_equal(base_code_check("44011800900X"), "alphabet"));
    EXPECT(text_equal(impl_code_check("11440100007482575H8440118009000"), "level"));
    EXPECT(text_equal(impl_code_check("11440100007482575J3440118009000"), "check_digit"));
    EXPECT(text_equal(impl_code_check("11440100007482575H344011800900"), "length"));
    char impl[32], item[34];
    EXPECT(impl_code_make("11440100007482575H", '3', "440118009000", impl));
    EXPECT(strcmp(impl, "11440100007482575H3440118009000") == 0);
    EXPECT(!impl_code_make("11440100007482575H", '0', "440118009000", impl));
    EXPECT(!impl_code_make("11440100007482575", '3', "440118009000", impl));
    EXPECT(item_code_make(impl, 7, item) && strcmp(item, "11440100007482575H344011800900007") == 0);
    EXPECT(!item_code_check(item) && !item_code_make(impl, 100, item) &&
           !item_code_make(impl, -1, item));
    EXPECT(text_equal(item_code_check("11440100007482575H34401180090000X"), "alphabet"));
    EXPECT(text_equal(item_code_check(impl), "length"));
}

TEST(divisions_and_mobiles)
{
    EXPECT(!division_check("110105") && !division_check("340100001") &&
           !division_check("511602000000"));
    EXPECT(!division_check("810000") && !division_check("710000"));
    EXPECT(text_equal(division_check("1101"), "length") &&
           text_equal(division_check("160105"), "division"));
    EXPECT(text_equal(division_check("11010A"), "alphabet"));
    EXPECT(!mobile_check("13800138000") && !mobile_check("19912345678"));
    EXPECT(text_equal(mobile_check("12800138000"), "type") &&
           text_equal(mobile_check("1380013800"), "length"));
    EXPECT(text_equal(mobile_check("+8613800138"), "alphabet"));
    EXPECT(text_equal(mobile_check("23800138000"), "type"));
}

TEST(mod37_36)
{
    /* Published identifiers of licences: the last character checks the others, without root and dots. */
    static const char *const good[] = {"11100000000013338W01111430000006122244L20230000403001U",
                                       "11100000000013338W00911330105002500287C20250522010020",
                                       "11100000MB032716990223401000000000160019"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t size = strlen(good[i]) - 1;
        EXPECT(mod37_36_digit(good[i], size) == good[i][size]);
    }
    static const char sample[] = "11100000000013661B006113700000045046442"
                                 "209FA4E88F9E4C878F3E9BED2CE7EA49001";
    EXPECT(mod37_36_digit(sample, sizeof sample - 1) == 'D');
    EXPECT(mod37_36_digit("abc", 3) == 0 && mod37_36_digit("A-B", 3) == 0);
}

/* More cases, where the reference data is at hand. */
TEST(vectors)
{
    static const char *const folders[] = {"../shared/reference/data/testvectors/",
                                          "shared/reference/data/testvectors/"};
    for (size_t f = 0; f < 2; f++) {
        char path[200], line[500], code[100];
        int valid;
        snprintf(path, sizeof path, "%sresident-id.csv", folders[f]);
        FILE *file = fopen(path, "r");
        for (; file && fgets(line, sizeof line, file);)
            if (sscanf(line, "%99[^,],%d,", code, &valid) == 2)
                EXPECT(!*resident(code) == (valid == 1));
        if (file)
            fclose(file);
        snprintf(path, sizeof path, "%scredit-codes.csv", folders[f]);
        file = fopen(path, "r");
        for (; file && fgets(line, sizeof line, file);)
            if (sscanf(line, "%99[^,],%d,", code, &valid) == 2)
                EXPECT(!credit_code_check(code) == (valid == 1));
        if (file)
            fclose(file);
    }
}
