/* people.h - who uses the platform in the simulation, and the world they live in. */
#pragma once
#include "ask.h"

#define CITIZENS     8 /* have an account from the start */
#define CITIZENS_NEW 4 /* may register */
#define CLERKS       7
#define ITEMS        4
#define DEPARTMENTS  2

typedef struct {
    const char *id; /* of the catalog, once imported */
    const char *name;
    int department;
    int legal_days, promise_days; /* 0 promise: as the law */
    bool calendar;                /* calendar days */
    bool at_once;
    int stages;
} item_info_t;

extern item_info_t people_items[ITEMS];
extern const char *const people_departments[DEPARTMENTS];

/* A case as those outside know it. */
typedef struct {
    char id[28];
    char number[52];
    char code[12];
    int owner; /* citizen */
    int item;
    bool submitted;
} known_case_t;

size_t known_count(void);
known_case_t *known_at(size_t index);
known_case_t *known_find(const char *id);

/* The official table, as the simulator read it. */
typedef struct {
    int64_t day;
    bool off;
} holiday_info_t;
extern holiday_info_t people_holidays[512];
extern size_t people_holiday_count;
extern int people_holidays_until_year; /* years after it are not in the service's table yet */

/* Departments, people, items, holidays: in a fiber of its own, with everything running. */
void people_set_up(void);
bool people_set_up_done(void);

/* Starts the stories of this seed; they begin nothing new after `until_us`. */
void people_start(int64_t until_us);
bool people_done(void);
/* Texts of everything still going on. */
void people_tell(void);

person_t *people_citizen(int index);
const char *people_staff_permissions(const char *staff_id, const char **ret_department);

/* What a department system saw by Watch, in order. */
typedef struct {
    int64_t seq;
    char case_id[28];
} watched_t;
extern watched_t people_watched[8192];
extern size_t people_watched_count;
extern int64_t people_watch_cursor;
