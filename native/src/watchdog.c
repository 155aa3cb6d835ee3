#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fault.h"
#include "files.h"

static const char device_path[] = "/dev/watchdog";
static int device = -1;
static char opened_root[PATH_SIZE];

int32_t carillon_watchdog(const char *root, int32_t *state) {
  char path[PATH_SIZE], value[32];
  int32_t status = make_path(path, root, "/sys/class/watchdog/watchdog0/state");
  if (status == CARILLON_OK) status = read_value(path, value, sizeof value);
  if (status == CARILLON_NOT_AVAILABLE) {
    status = make_path(path, root, device_path);
    if (status != CARILLON_OK) return status;
    if (access(path, F_OK) == 0) return fault(CARILLON_NOT_AVAILABLE, "%s: the kernel does not tell its state", path);
    *state = CARILLON_WATCHDOG_ABSENT;
    return CARILLON_OK;
  }
  if (status != CARILLON_OK) return status;
  if (strcmp(value, "active") == 0) *state = CARILLON_WATCHDOG_ACTIVE;
  else if (strcmp(value, "inactive") == 0) *state = CARILLON_WATCHDOG_IDLE;
  else return fault(CARILLON_MALFORMED, "%s: neither active nor inactive", path);
  return CARILLON_OK;
}

/* The letter that lets a driver disarm when it is closed; without it the machine is reset. */
static int32_t let_go(void) {
  ssize_t written = write(device, "V", 1);
  int error = errno;
  close(device);
  device = -1;
  return written == 1 ? CARILLON_OK : fault_of_errno(error, device_path);
}

static int32_t set_timeout(const char *path, int32_t seconds, int32_t *timeout) {
  struct watchdog_info info;
  memset(&info, 0, sizeof info);
  if (ioctl(device, WDIOC_GETSUPPORT, &info) < 0)
    return fault(CARILLON_NOT_AVAILABLE, "%s: not a watchdog (%s)", path, strerror(errno));
  int value = seconds;
  if (info.options & WDIOF_SETTIMEOUT) {
    if (ioctl(device, WDIOC_SETTIMEOUT, &value) < 0) {
      if (errno == EINVAL) return fault(CARILLON_INVALID_ARGUMENT, "%s: cannot wait %d seconds", path, (int)seconds);
      return fault_of_errno(errno, path);
    }
  } else if (ioctl(device, WDIOC_GETTIMEOUT, &value) < 0) {
    return fault_of_errno(errno, path);
  }
  if (value <= 0) return fault(CARILLON_MALFORMED, "%s: waits %d seconds", path, value);
  *timeout = value;
  return CARILLON_OK;
}

int32_t carillon_watchdog_open(const char *root, int32_t seconds, int32_t *timeout) {
  if (seconds < 1) return fault(CARILLON_INVALID_ARGUMENT, "a watchdog waits a second at least");
  if (device >= 0) return fault(CARILLON_HELD, "%s: this program has it open already", device_path);
  char path[PATH_SIZE];
  int32_t status = make_path(path, root, device_path);
  if (status != CARILLON_OK) return status;
  device = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (device < 0) return fault_of_errno(errno, path);
  status = set_timeout(path, seconds, timeout);
  if (status != CARILLON_OK) {
    struct kept_fault kept = keep_fault(status);
    let_go(); /* opening has armed it */
    return fault_again(&kept);
  }
  strcpy(opened_root, root);
  return CARILLON_OK;
}

int32_t carillon_watchdog_pet(void) {
  if (device < 0) return fault(CARILLON_CLOSED, "%s: is not open", device_path);
  return write(device, "\0", 1) == 1 ? CARILLON_OK : fault_of_errno(errno, device_path);
}

int32_t carillon_watchdog_close(void) {
  if (device < 0) return CARILLON_OK;
  int32_t status = let_go();
  if (status != CARILLON_OK) return status;
  int32_t state;
  if (carillon_watchdog(opened_root, &state) == CARILLON_OK && state == CARILLON_WATCHDOG_ACTIVE)
    return fault(CARILLON_FAILED, "%s: cannot be stopped, so the machine will be reset (nowayout)", device_path);
  return CARILLON_OK;
}
