/* file.h - files of materials: parts of at most 1 MiB, sealed, in the case database.
 *
 * A file grows part by part in order and is there for others only after its last part.  Its type
 * is told by its first bytes and must agree with its name.  Repeating a part is fine: the same
 * bytes at the same place change nothing.  Starting again at 0 with another size replaces the
 * file. */
#pragma once
#include "service.h"

#define FILE_PART_MAX (1 << 20)
#define FILE_SIZE_MAX (20 << 20)

/* All files of a case, with their parts. */
status_t file_delete_all(call_t *call, const char *case_id);
/* Uploads that nobody finished within a day; a few at a time. */
status_t file_sweep(call_t *call);
/* Whether file_sweep() has something to do. */
bool file_sweep_due(call_t *call);

/* Files of a case with their material's id, complete ones only; by name. */
status_t file_list(call_t *call, const char *case_id, Case__File ***ret, size_t *ret_count);

/* The parts of a complete file open, and are together what its hash says.  DATA_LOSS: not. */
status_t file_verify(call_t *call, const char *file_id);

/* Media type by first bytes and name ("a.docx"); NULL: not accepted. */
const char *file_type(const void *data, size_t size, const char *file_name);
