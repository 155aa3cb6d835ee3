#define _POSIX_C_SOURCE 200809L
#include "firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fault.h"
#include "files.h"

/* Of the kernel's vcio driver, whose header is not among those that a C library brings. */
#define IOCTL_MBOX_PROPERTY _IOWR(100, 0, char *)
#define RESPONSE_OK 0x80000000u
#define TAG_ANSWERED 0x80000000u

int32_t ask_firmware(const char *root, uint32_t tag, uint32_t words[2]) {
  char path[PATH_SIZE];
  int32_t status = make_path(path, root, "/dev/vcio");
  if (status != CARILLON_OK) return status;
  int device = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (device < 0) return fault_of_errno(errno, path);
  /* size, code; tag, room for its value, bytes of the question, two words; the end */
  uint32_t message[] = {8 * sizeof(uint32_t), 0, tag, 8, 8, words[0], words[1], 0};
  int result = ioctl(device, IOCTL_MBOX_PROPERTY, message);
  int error = errno;
  close(device);
  if (result < 0 && error == ENOTTY) return fault(CARILLON_NOT_AVAILABLE, "%s: not the firmware's mailbox", path);
  if (result < 0) return fault_of_errno(error, path);
  if (message[1] != RESPONSE_OK) return fault(CARILLON_FAILED, "%s: the firmware refused the question", path);
  if (!(message[4] & TAG_ANSWERED))
    return fault(CARILLON_NOT_AVAILABLE, "%s: this firmware does not know the question", path);
  words[0] = message[5];
  words[1] = message[6];
  return CARILLON_OK;
}
