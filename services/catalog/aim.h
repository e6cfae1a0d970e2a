/* aim.h - what people want of a thing: have it, change it, renew it, have it back, end it ...
 *
 * Told from the item's name, by which words stand in it; the lists do not say it otherwise. */
#pragma once
#include "yiwang/catalog.pb-c.h"

Catalog__Aim aim_of(const char *name);
