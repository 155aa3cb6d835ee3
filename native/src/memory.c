#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "files.h"
#include "numbers.h"

/* `MemTotal:         948304 kB`, in bytes. */
static int32_t bytes_of(const char *text, const char *name, const char *path, int64_t *bytes) {
  size_t length = strlen(name);
  for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, name, length) != 0 || line[length] != ':') continue;
    int64_t kilobytes;
    const char *value = line + length + 1;
    const char *rest = parse_integer(value + strspn(value, " "), &kilobytes);
    if (rest == NULL || strncmp(rest, " kB\n", 4) != 0 || kilobytes < 0 || kilobytes > INT64_MAX / 1024)
      return fault(CARILLON_MALFORMED, "%s: %s is not a number of kB", path, name);
    *bytes = kilobytes * 1024;
    return CARILLON_OK;
  }
  return fault(CARILLON_NOT_AVAILABLE, "%s: has no %s", path, name);
}

int32_t carillon_memory(const char *root, struct carillon_memory *memory) {
  char path[PATH_SIZE], text[2 * VALUE_SIZE];
  struct carillon_memory found;
  int32_t status = make_path(path, root, "/proc/meminfo");
  if (status == CARILLON_OK) status = read_file(path, text, sizeof text);
  if (status == CARILLON_OK) status = bytes_of(text, "MemTotal", path, &found.total);
  if (status == CARILLON_OK) status = bytes_of(text, "MemAvailable", path, &found.available);
  if (status != CARILLON_OK) return status;
  if (found.total == 0 || found.available > found.total)
    return fault(CARILLON_MALFORMED, "%s: more memory is available than there is", path);
  *memory = found;
  return CARILLON_OK;
}
