#define _POSIX_C_SOURCE 200809L
#include "sensor.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "fault.h"
#include "files.h"

const struct sensor_class thermal_zones = {"/sys/class/thermal", "thermal_zone", "type"};
const struct sensor_class hwmons = {"/sys/class/hwmon", "hwmon", "name"};

/* Its place among the names, or that of the NULL. */
static size_t rank_of(const char *root, const struct sensor_class *class, const char *entry, const char *const *names) {
  char path[PATH_SIZE], value[64];
  size_t rank = 0;
  int known = make_path(path, root, "%s/%s/%s", class->folder, entry, class->label) == CARILLON_OK &&
              read_value(path, value, sizeof value) == CARILLON_OK;
  while (names[rank] != NULL && !(known && strcmp(value, names[rank]) == 0)) rank++;
  return rank;
}

int32_t read_sensor(const char *root, const struct sensor_class *class, const char *const *names, const char *file,
                    int64_t *number) {
  char path[PATH_SIZE], best[64];
  size_t best_rank = 0;
  while (names[best_rank] != NULL) best_rank++;
  const size_t unknown = best_rank;
  int32_t status = make_path(path, root, "%s", class->folder);
  if (status != CARILLON_OK) return status;
  DIR *folder = opendir(path);
  if (folder == NULL) return fault_of_errno(errno, path);
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(folder);
    if (entry == NULL) break;
    const char *name = entry->d_name;
    if (strncmp(name, class->prefix, strlen(class->prefix)) != 0 || strlen(name) >= sizeof best) continue;
    size_t rank = rank_of(root, class, name, names);
    /* Of several with one name always the same: readdir has no order. */
    if (rank < best_rank || (rank < unknown && rank == best_rank && strcmp(name, best) < 0)) {
      best_rank = rank;
      strcpy(best, name);
    }
  }
  int error = errno;
  closedir(folder);
  if (error != 0) return fault_of_errno(error, path);
  if (best_rank == unknown) return fault(CARILLON_NOT_AVAILABLE, "%s: no sensor that is known", path);
  status = make_path(path, root, "%s/%s/%s", class->folder, best, file);
  return status == CARILLON_OK ? read_number(path, number) : status;
}
