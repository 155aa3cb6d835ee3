#include <string.h>
#include <strings.h>

#include "fault.h"
#include "files.h"

/* What makers of PCs leave in their place. */
static const char *const placeholders[] = {
    "To Be Filled By O.E.M.", "To be filled by O.E.M.", "Default string", "System Product Name",
    "System manufacturer",    "System Serial Number",   "Not Specified",  "Not Applicable",
    "None",                   "N/A",                    "Unknown",        "OEM",
    "O.E.M.",                 "INVALID",                NULL,
};

static int says_nothing(const char *text) {
  for (const char *const *one = placeholders; *one != NULL; one++) {
    if (strcasecmp(text, *one) == 0) return 1;
  }
  return text[strspn(text, "0. ")] == '\0';
}

/* Empty where there is none, or none for this user. */
static int32_t read_text(const char *root, const char *file, char *text, size_t size) {
  char path[PATH_SIZE];
  int32_t status = make_path(path, root, "%s", file);
  if (status == CARILLON_OK) status = read_value(path, text, size);
  if (status == CARILLON_OK && !says_nothing(text)) return CARILLON_OK;
  if (status != CARILLON_OK && status != CARILLON_NOT_AVAILABLE && status != CARILLON_NOT_PERMITTED) return status;
  text[0] = '\0';
  return CARILLON_OK;
}

static int32_t from_device_tree(const char *root, struct carillon_board *board) {
  int32_t status = read_text(root, "/proc/device-tree/model", board->model, sizeof board->model);
  if (status != CARILLON_OK || board->model[0] == '\0') return status;
  return read_text(root, "/proc/device-tree/serial-number", board->serial, sizeof board->serial);
}

/* Vendor and name, the vendor once where the name has it too. */
static int32_t from_dmi(const char *root, const char *vendor_file, const char *name_file, struct carillon_board *board) {
  char vendor[64], name[sizeof board->model - sizeof vendor];
  int32_t status = read_text(root, vendor_file, vendor, sizeof vendor);
  if (status == CARILLON_OK) status = read_text(root, name_file, name, sizeof name);
  if (status != CARILLON_OK || name[0] == '\0') return status;
  char *model = board->model;
  if (vendor[0] != '\0' && strncasecmp(vendor, name, strlen(vendor)) != 0) {
    strcpy(model, vendor);
    strcat(model, " ");
  }
  strcat(model, name);
  return CARILLON_OK;
}

int32_t carillon_board(const char *root, struct carillon_board *board) {
  struct carillon_board found = {{0}, {0}};
  int32_t status = from_device_tree(root, &found);
  if (status == CARILLON_OK && found.model[0] == '\0') {
    status = from_dmi(root, "/sys/class/dmi/id/sys_vendor", "/sys/class/dmi/id/product_name", &found);
    if (status == CARILLON_OK && found.model[0] == '\0')
      status = from_dmi(root, "/sys/class/dmi/id/board_vendor", "/sys/class/dmi/id/board_name", &found);
    if (status == CARILLON_OK)
      status = read_text(root, "/sys/class/dmi/id/product_serial", found.serial, sizeof found.serial);
  }
  if (status != CARILLON_OK) return status;
  if (found.model[0] == '\0')
    return fault(CARILLON_NOT_AVAILABLE, "%s: neither a device tree nor DMI names this machine", root);
  *board = found;
  return CARILLON_OK;
}
