#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "files.h"
#include "mounts.h"
#include "numbers.h"

/* What is missing or out of reach is unknown; anything else that goes wrong is said. */
static int32_t or_unknown(int32_t status, int64_t *number) {
  if (status != CARILLON_NOT_AVAILABLE && status != CARILLON_NOT_PERMITTED) return status;
  *number = CARILLON_UNKNOWN;
  return CARILLON_OK;
}

static int32_t file_system_errors(const char *root, const struct carillon_storage *storage, int64_t *errors) {
  char path[PATH_SIZE];
  int32_t status = make_path(path, root, "/sys/fs/%s/%s/errors_count", storage->file_system, storage->device);
  if (status == CARILLON_OK) status = read_number(path, errors);
  if (status == CARILLON_OK && *errors < 0) return fault(CARILLON_MALFORMED, "%s: fewer errors than none", path);
  return or_unknown(status, errors);
}

/* The folder of the disk that the partition belongs to, with what leads to its card; the kernel resolves the links. */
static int32_t disk_path(char path[PATH_SIZE], const char *root, const struct root_mount *mount, const char *file) {
  char partition[PATH_SIZE], value[16];
  int32_t status = make_path(partition, root, "/sys/dev/block/%d:%d/partition", mount->major, mount->minor);
  if (status != CARILLON_OK) return status;
  const char *up = read_value(partition, value, sizeof value) == CARILLON_OK ? "/.." : "";
  return make_path(path, root, "/sys/dev/block/%d:%d%s/%s", mount->major, mount->minor, up, file);
}

/* Transfers that arrived broken or not at all. Time-outs of commands are left out: looking for a card makes some. */
static int32_t sum_card_errors(const char *path, char *text, int64_t *errors) {
  static const char *const kinds[] = {"# Command CRC Errors Occurred:", "# Data CRC Errors Occurred:",
                                      "# Data Timeout Occurred:"};
  int64_t sum = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    int64_t count;
    const char *value = strstr(text, kinds[i]);
    if (value != NULL) {
      value += strlen(kinds[i]);
      value = parse_integer(value + strspn(value, " \t"), &count);
    }
    if (value == NULL || count < 0 || count > UINT32_MAX)
      return fault(CARILLON_MALFORMED, "%s: does not tell %s", path, kinds[i] + 2);
    sum += count;
  }
  *errors = sum;
  return CARILLON_OK;
}

/* The controller of an SD card or eMMC counts in debugfs, where root alone may look; other disks in sysfs. */
static int32_t card_errors(const char *root, const struct root_mount *mount, int64_t *errors) {
  char path[PATH_SIZE], card[64], text[VALUE_SIZE];
  int32_t status = disk_path(path, root, mount, "device/ioerr_cnt");
  if (status != CARILLON_OK) return status;
  if (read_value(path, text, sizeof text) == CARILLON_OK) {
    const char *rest = parse_hexadecimal(text, errors);
    return rest != NULL && *rest == '\0' ? CARILLON_OK : fault(CARILLON_MALFORMED, "%s: not a number", path);
  }
  status = disk_path(path, root, mount, "device");
  if (status == CARILLON_OK) status = read_link_name(path, card, sizeof card); /* mmc0:aaaa */
  if (status == CARILLON_OK) {
    card[strcspn(card, ":")] = '\0';
    status = make_path(path, root, "/sys/kernel/debug/%s/err_stats", card);
  }
  if (status == CARILLON_OK) status = read_file(path, text, sizeof text);
  if (status == CARILLON_OK) return sum_card_errors(path, text, errors);
  return or_unknown(status, errors);
}

/* `0x01 0x03`: tenths of the life of its two kinds of memory; 0x0b is past its end, 0x00 is not told. */
static int32_t worn_percent(const char *root, const struct root_mount *mount, int64_t *percent) {
  char path[PATH_SIZE], value[32];
  int32_t status = disk_path(path, root, mount, "device/life_time");
  if (status == CARILLON_OK) status = read_value(path, value, sizeof value);
  if (status != CARILLON_OK) return or_unknown(status, percent);
  int64_t a, b;
  const char *rest = parse_hexadecimal(value, &a);
  if (rest != NULL && *rest == ' ') rest = parse_hexadecimal(rest + 1, &b);
  else rest = NULL;
  if (rest == NULL || *rest != '\0' || a > 0x0b || b > 0x0b)
    return fault(CARILLON_MALFORMED, "%s: not two tenths of a life", path);
  int64_t worse = a > b ? a : b;
  *percent = worse == 0 ? CARILLON_UNKNOWN : worse > 10 ? 100 : worse * 10;
  return CARILLON_OK;
}

/* Asked only of what is read-only: the table of mounts lies on the card itself. */
static int32_t remounted_read_only(const char *root, const struct root_mount *mount, int32_t *remounted) {
  *remounted = mount->emergency;
  if (!mount->read_only || mount->emergency) return CARILLON_OK;
  int32_t meant;
  int32_t status = meant_read_only(root, &meant);
  if (status == CARILLON_OK) *remounted = meant == CARILLON_UNKNOWN ? CARILLON_UNKNOWN : !meant;
  return status;
}

int32_t carillon_storage(const char *root, struct carillon_storage *storage) {
  struct root_mount mount;
  struct carillon_storage found;
  memset(&found, 0, sizeof found);
  int32_t status = find_root_mount(root, &mount);
  if (status != CARILLON_OK) return status;
  char path[PATH_SIZE];
  int64_t percent = CARILLON_UNKNOWN;
  strcpy(found.file_system, mount.type);
  status = make_path(path, root, "/sys/dev/block/%d:%d", mount.major, mount.minor);
  if (status == CARILLON_OK) status = read_link_name(path, found.device, sizeof found.device);
  if (status == CARILLON_OK) status = remounted_read_only(root, &mount, &found.remounted_read_only);
  if (status == CARILLON_OK) status = file_system_errors(root, &found, &found.file_system_errors);
  if (status == CARILLON_OK) status = card_errors(root, &mount, &found.card_errors);
  if (status == CARILLON_OK) status = worn_percent(root, &mount, &percent);
  if (status != CARILLON_OK) return status;
  found.read_only = mount.read_only;
  found.worn_percent = (int32_t)percent;
  *storage = found;
  return CARILLON_OK;
}
