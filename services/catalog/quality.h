/* quality.h - is a guide complete and consistent?
 *
 * The elements of the 实施清单 (国办函〔2016〕108号 附录一) as a table of checks, each worth some
 * of 100 points.  Blocking ones keep a draft from being submitted, among them the catch-all
 * material ("其他材料") that 108号 forbids. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "arena.h"
#include "yiwang/catalog.pb-c.h"

/* Fills *ret (faults in the arena, at most QUALITY_FAULTS_MAX). */
#define QUALITY_FAULTS_MAX 100
void quality_check(const Catalog__Item *item, arena_t *arena, Catalog__CheckReport *ret);

/* A material that could mean anything: "其他材料", "法律法规规定的其他文件". */
bool quality_catch_all(const char *material_name);
