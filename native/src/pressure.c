#include <string.h>

#include "fault.h"
#include "files.h"
#include "numbers.h"

static const char *const names[] = {"cpu", "memory", "io"};

/* `some avg10=0.12 avg60=0.05 avg300=0.01 total=12345`; what follows, or NULL when it is not so. */
static const char *parse_line(const char *text, const char *kind, double shares[3]) {
  static const char *const labels[] = {" avg10=", " avg60=", " avg300="};
  size_t length = strlen(kind);
  if (strncmp(text, kind, length) != 0) return NULL;
  text += length;
  for (int i = 0; i < 3; i++) {
    length = strlen(labels[i]);
    if (strncmp(text, labels[i], length) != 0) return NULL;
    text = parse_decimal(text + length, &shares[i]);
    if (text == NULL || shares[i] > 100) return NULL;
  }
  const char *end = strchr(text, '\n');
  return *text == ' ' && end != NULL ? end + 1 : NULL;
}

int32_t carillon_pressure(const char *root, int32_t resource, struct carillon_pressure *pressure) {
  if (resource < CARILLON_CPU || resource > CARILLON_IO)
    return fault(CARILLON_INVALID_ARGUMENT, "there is no resource %d", (int)resource);
  char path[PATH_SIZE], text[VALUE_SIZE];
  int32_t status = make_path(path, root, "/proc/pressure/%s", names[resource]);
  if (status == CARILLON_OK) status = read_file(path, text, sizeof text);
  if (status != CARILLON_OK) return status;
  struct carillon_pressure found = {{0}, {0}, 0, 0};
  const char *rest = parse_line(text, "some", found.some);
  if (rest != NULL && *rest != '\0') {
    rest = parse_line(rest, "full", found.full);
    found.has_full = resource != CARILLON_CPU; /* of the machine's processor the kernel writes zeros that mean nothing */
  }
  if (rest == NULL) return fault(CARILLON_MALFORMED, "%s: not what the kernel writes there", path);
  *pressure = found;
  return CARILLON_OK;
}
