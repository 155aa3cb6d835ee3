#ifndef CARILLON_SENSOR_H
#define CARILLON_SENSOR_H

#include "carillon.h"

/*
 * A number of the class in /sys/class whose instances are numbered (`hwmon/hwmon0`, `thermal/thermal_zone0`): of the
 * first one whose file `label` has one of these names. `names` in the order of preference, ended by NULL.
 */
int32_t read_sensor(const char *root, const char *instances, const char *label, const char *const *names,
                    const char *file, int64_t *number);

#endif
