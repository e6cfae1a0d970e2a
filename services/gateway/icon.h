/* icon.h - small parts: icons, addresses of files, hits of a search. */
#pragma once
#include "part.h"

/* {{@icon name}}: a symbol of static/icons.svg, hidden from readers: what it means stands beside it
 * in words.  {{@static "site.css"}}: the address with its version.  {{@segments hit.name}}: a
 * list of {text, hit} with the hits marked. */
extern const part_t part_icon, part_static, part_segments;
