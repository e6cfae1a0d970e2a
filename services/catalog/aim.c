#include "aim.h"
#include <string.h>

#define AIM(name) CATALOG__AIM__AIM_##name

/* The first word that a name has decides, so the telling ones stand before the vague ones. */
static const struct {
    const char *word;
    Catalog__Aim aim;
} WORDS[] = {
    {"注销", AIM(END)},       {"终止", AIM(END)},
    {"撤销", AIM(END)},       {"歇业", AIM(END)},
    {"补领", AIM(REPLACE)},   {"补办", AIM(REPLACE)},
    {"补发", AIM(REPLACE)},   {"遗失", AIM(REPLACE)},
    {"损坏", AIM(REPLACE)},   {"补证", AIM(REPLACE)},
    {"换领", AIM(RENEW)},     {"换证", AIM(RENEW)},
    {"换发", AIM(RENEW)},     {"延续", AIM(RENEW)},
    {"延期", AIM(RENEW)},     {"期满", AIM(RENEW)},
    {"年检", AIM(RENEW)},     {"首次", AIM(FIRST)},
    {"新办", AIM(FIRST)},     {"变更", AIM(CHANGE)},
    {"转移", AIM(CHANGE)},    {"转让", AIM(CHANGE)},
    {"迁移", AIM(CHANGE)},    {"迁入", AIM(CHANGE)},
    {"迁出", AIM(CHANGE)},    {"更正", AIM(CHANGE)},
    {"提取", AIM(RECEIVE)},   {"领取", AIM(RECEIVE)},
    {"申领", AIM(RECEIVE)},   {"补贴", AIM(RECEIVE)},
    {"补助", AIM(RECEIVE)},   {"津贴", AIM(RECEIVE)},
    {"保险金", AIM(RECEIVE)}, {"最低生活保障", AIM(RECEIVE)},
    {"报销", AIM(RECEIVE)},   {"备案", AIM(RECORD)},
    {"报告", AIM(RECORD)},
};

Catalog__Aim aim_of(const char *name)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strstr(name, WORDS[i].word))
            return WORDS[i].aim;
    return AIM(FIRST);
}
