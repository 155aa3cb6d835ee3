#include "fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char sentence[sizeof ((struct kept_fault *)0)->sentence];

const char *carillon_last_error(void) { return sentence; }

int32_t fault(int32_t status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sentence, sizeof sentence, format, arguments);
  va_end(arguments);
  return status;
}

static int32_t status_of_errno(int error) {
  switch (error) {
  case ENOENT:
  case ENOTDIR:
  case ENODEV:
  case ENXIO:
  case EOPNOTSUPP: /* such as pressure, on a kernel that was started without it */
  case ENODATA:
    return CARILLON_NOT_AVAILABLE;
  case EACCES:
  case EPERM:
    return CARILLON_NOT_PERMITTED;
  case EBUSY:
    return CARILLON_HELD;
  case EISDIR:
  case ELOOP:
    return CARILLON_MALFORMED;
  case ENAMETOOLONG:
    return CARILLON_INVALID_ARGUMENT;
  default:
    return CARILLON_FAILED;
  }
}

int32_t fault_of_errno(int error, const char *what) {
  return fault(status_of_errno(error), "%s: %s", what, strerror(error));
}

struct kept_fault keep_fault(int32_t status) {
  struct kept_fault kept = {.status = status};
  memcpy(kept.sentence, sentence, sizeof sentence);
  return kept;
}

int32_t fault_again(const struct kept_fault *kept) { return fault(kept->status, "%s", kept->sentence); }
