#ifndef CARILLON_FILES_H
#define CARILLON_FILES_H

#include <stddef.h>

#include "carillon.h"

/* Long enough for a root and what stands below it. */
#define PATH_SIZE 4096
/* Of sysfs, which has one value in a file, and at most a page. */
#define VALUE_SIZE 4096

/* `root` and the rest, which is a format. */
__attribute__((format(printf, 3, 4))) int32_t make_path(char path[PATH_SIZE], const char *root, const char *format, ...);

/* Reads a file whole and ends it with a zero. A longer one is malformed: none of these may be. */
int32_t read_file(const char *path, char *text, size_t size);

/* The same for what has no natural bound; the caller frees. Longer than 4 MiB is malformed. */
int32_t read_long_file(const char *path, char **text);

/* One line as a value, without what ends it. Malformed when there is more, or something that cannot be printed. */
int32_t read_value(const char *path, char *value, size_t size);

/* A whole number in decimal and nothing else. */
int32_t read_number(const char *path, int64_t *number);

/* Where a link leads, only the last name of it. */
int32_t read_link_name(const char *path, char *name, size_t size);

#endif
