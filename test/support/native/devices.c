/*
 * Stands in for two devices that no test machine has, in front of the C library (LD_PRELOAD), so that libcarillon runs
 * unchanged. A file at …/dev/vcio answers as the Raspberry Pi's mailbox does, from its lines `0xTAG WORD WORD`; one at
 * …/dev/watchdog as a watchdog that waits 15 seconds at most: one opener at a time, and what is written to it stays in
 * the file to be read. A watchdog whose file begins with `!` does not know the requests of one. A file without any
 * permission may not be opened, although the tests may run as root, who may open all.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ends_with(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

static int open_file(const char *path, int flags, mode_t mode) {
  struct stat found;
  int exists = stat(path, &found) == 0;
  if (exists && (found.st_mode & 0777) == 0) {
    errno = EACCES;
    return -1;
  }
  int watchdog = exists && S_ISREG(found.st_mode) && ends_with(path, "/dev/watchdog") && (flags & O_ACCMODE) == O_WRONLY;
  if (watchdog) flags = (flags & ~O_ACCMODE) | O_RDWR | O_APPEND;
  int file = (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE, mode);
  struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (file < 0 || !watchdog || fcntl(file, F_OFD_SETLK, &all) == 0) return file;
  close(file);
  errno = EBUSY;
  return -1;
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_file(path, flags, mode);
}

/* What open is called on 32 bits in programs that can open large files. */
int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_file(path, flags, mode);
}

static int answer_mailbox(const char *path, uint32_t *message) {
  FILE *answers = fopen(path, "re");
  char line[128];
  if (answers == NULL) return -1;
  message[1] = 0x80000001u; /* a question that cannot be read */
  while (fgets(line, sizeof line, answers) != NULL) {
    char *rest;
    uint32_t tag = (uint32_t)strtoul(line, &rest, 16);
    if (strcmp(rest, " errno\n") == 0) {
      fclose(answers);
      errno = EIO;
      return -1;
    }
    if (strncmp(line, "deaf", 4) == 0) continue;
    message[1] = 0x80000000u;
    if (message[2] != tag) continue;
    message[4] = 0x80000000u | 8;
    message[5] = (uint32_t)strtoul(rest, &rest, 0);
    message[6] = (uint32_t)strtoul(rest, &rest, 0);
  }
  fclose(answers);
  return 0;
}

static int answer_watchdog(int file, unsigned long request, void *argument) {
  char first = 0;
  int *seconds = argument;
  if (pread(file, &first, 1, 0) == 1 && first == '!') {
    errno = ENOTTY;
    return -1;
  }
  if (request == WDIOC_GETSUPPORT) {
    struct watchdog_info info = {.options = WDIOF_SETTIMEOUT | WDIOF_MAGICCLOSE | WDIOF_KEEPALIVEPING};
    memcpy(argument, &info, sizeof info);
    return 0;
  }
  if (request == WDIOC_SETTIMEOUT && *seconds >= 1 && *seconds <= 15) return 0;
  errno = request == WDIOC_SETTIMEOUT ? EINVAL : ENOTTY;
  return -1;
}

int ioctl(int file, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = '\0';
  if (ends_with(path, "/dev/vcio") && request == _IOWR(100, 0, char *)) return answer_mailbox(path, argument);
  if (ends_with(path, "/dev/watchdog")) return answer_watchdog(file, request, argument);
  return (int)syscall(SYS_ioctl, file, request, argument);
}
