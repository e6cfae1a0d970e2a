/* themes.h - the service themes of 国办函〔2016〕108号 二(四), in life-cycle order. */
#pragma once
#include "yiwang/catalog.pb-c.h"

#define PERSON_THEME_COUNT 31
#define BODY_THEME_COUNT   34

extern const char *const person_themes[PERSON_THEME_COUNT];
extern const char *const body_themes[BODY_THEME_COUNT];

/* Place in its list, or -1. */
int theme_index(Catalog__ThemeKind kind, const char *name);
