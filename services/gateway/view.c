#include "view.h"

#include "text.h"

static const view_t *find(const view_t *table, const char *name)
{
    for (; table->name; table++)
        if (text_equal(table->name, name))
            return table;
    return NULL;
}

const view_t *view_find(const char *name)
{
    const view_t *found = find(view_portal, name);
    return found ? found : find(view_console, name);
}
