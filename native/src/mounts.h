#ifndef CARILLON_MOUNTS_H
#define CARILLON_MOUNTS_H

#include "carillon.h"

/* The file system that everything is read from. */
struct root_mount {
  int major;
  int minor;
  int read_only;
  int emergency; /* the file system itself says that an error has made it read-only */
  char type[32];
};

/* Below an overlay, the file system under it: that is what lies on the card. */
int32_t find_root_mount(const char *root, struct root_mount *mount);

/* Whether it was to be mounted read-only: 1, 0 or CARILLON_UNKNOWN. */
int32_t meant_read_only(const char *root, int32_t *meant);

#endif
