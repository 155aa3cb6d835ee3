#include "sensor.h"

#include <string.h>

#include "fault.h"
#include "files.h"

/* More than any machine has; numbers can have gaps. */
#define INSTANCES 64

static int has_name(const char *root, const char *instances, int i, const char *label, const char *name) {
  char path[PATH_SIZE], value[64];
  return make_path(path, root, "/sys/class/%s%d/%s", instances, i, label) == CARILLON_OK &&
         read_value(path, value, sizeof value) == CARILLON_OK && strcmp(value, name) == 0;
}

int32_t read_sensor(const char *root, const char *instances, const char *label, const char *const *names,
                    const char *file, int64_t *number) {
  for (; *names != NULL; names++) {
    for (int i = 0; i < INSTANCES; i++) {
      if (!has_name(root, instances, i, label, *names)) continue;
      char path[PATH_SIZE];
      int32_t status = make_path(path, root, "/sys/class/%s%d/%s", instances, i, file);
      return status == CARILLON_OK ? read_number(path, number) : status;
    }
  }
  return fault(CARILLON_NOT_AVAILABLE, "%s/sys/class/%s*: no sensor that is known", root, instances);
}
