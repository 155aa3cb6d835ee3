#ifndef CARILLON_SENSOR_H
#define CARILLON_SENSOR_H

#include "carillon.h"

/* Where the kernel shows sensors of one kind: a folder each, with a file that names it. */
struct sensor_class {
  const char *folder;
  const char *prefix;
  const char *label;
};
extern const struct sensor_class thermal_zones, hwmons;

/* A number of the sensor whose name comes first in `names`, which NULL ends. */
int32_t read_sensor(const char *root, const struct sensor_class *class, const char *const *names, const char *file,
                    int64_t *number);

#endif
