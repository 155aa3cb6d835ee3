#define _POSIX_C_SOURCE 200809L
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "numbers.h"

#define LONG_FILE_LIMIT (4u << 20)

int32_t make_path(char path[PATH_SIZE], const char *root, const char *format, ...) {
  if (root == NULL) return fault(CARILLON_INVALID_ARGUMENT, "no root was given");
  size_t length = strlen(root);
  if (length >= PATH_SIZE) return fault(CARILLON_INVALID_ARGUMENT, "the root is too long for a path");
  memcpy(path, root, length);
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(path + length, PATH_SIZE - length, format, arguments);
  va_end(arguments);
  if (written < 0 || (size_t)written >= PATH_SIZE - length)
    return fault(CARILLON_INVALID_ARGUMENT, "the root is too long for a path");
  return CARILLON_OK;
}

/* Never waits: a pipe in the place of a file has nothing to say, and that is what it says. */
static int open_for_reading(const char *path) {
  return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* At most `size` bytes; `size` of them means that there may be more. */
static int32_t read_up_to(int file, const char *path, char *text, size_t size, size_t *length) {
  *length = 0;
  while (*length < size) {
    ssize_t got = read(file, text + *length, size - *length);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fault_of_errno(errno, path);
    *length += (size_t)got;
  }
  return CARILLON_OK;
}

int32_t read_file(const char *path, char *text, size_t size) {
  int file = open_for_reading(path);
  if (file < 0) return fault_of_errno(errno, path);
  size_t length;
  int32_t status = read_up_to(file, path, text, size, &length);
  close(file);
  if (status != CARILLON_OK) return status;
  if (length == size) return fault(CARILLON_MALFORMED, "%s: longer than it can be", path);
  text[length] = '\0';
  return CARILLON_OK;
}

int32_t read_long_file(const char *path, char **text) {
  int file = open_for_reading(path);
  if (file < 0) return fault_of_errno(errno, path);
  char *all = NULL;
  size_t room = 1 << 14, length = 0;
  int32_t status = CARILLON_OK;
  for (;;) {
    char *larger = realloc(all, room);
    if (larger == NULL) {
      status = fault(CARILLON_FAILED, "%s: no memory to read it", path);
      break;
    }
    all = larger;
    size_t got;
    status = read_up_to(file, path, all + length, room - length, &got);
    if (status != CARILLON_OK) break;
    length += got;
    if (length < room) break;
    if (room >= LONG_FILE_LIMIT) {
      status = fault(CARILLON_MALFORMED, "%s: longer than it can be", path);
      break;
    }
    room *= 2;
  }
  close(file);
  if (status != CARILLON_OK) {
    free(all);
    return status;
  }
  all[length] = '\0';
  *text = all;
  return CARILLON_OK;
}

int32_t read_value(const char *path, char *value, size_t size) {
  char text[VALUE_SIZE];
  int32_t status = read_file(path, text, sizeof text);
  if (status != CARILLON_OK) return status;
  size_t length = strlen(text);
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' ')) length--;
  if (length >= size) return fault(CARILLON_MALFORMED, "%s: longer than it can be", path);
  for (size_t i = 0; i < length; i++) {
    unsigned char one = (unsigned char)text[i];
    if (one < 0x20 || one == 0x7f) return fault(CARILLON_MALFORMED, "%s: not one line of text", path);
  }
  memcpy(value, text, length);
  value[length] = '\0';
  return CARILLON_OK;
}

int32_t read_number(const char *path, int64_t *number) {
  char value[32];
  int32_t status = read_value(path, value, sizeof value);
  if (status != CARILLON_OK) return status;
  const char *rest = parse_integer(value, number);
  if (rest == NULL || *rest != '\0') return fault(CARILLON_MALFORMED, "%s: not a number", path);
  return CARILLON_OK;
}

int32_t read_link_name(const char *path, char *name, size_t size) {
  char target[PATH_SIZE];
  ssize_t length = readlink(path, target, sizeof target - 1);
  if (length < 0) return fault_of_errno(errno, path);
  target[length] = '\0';
  const char *slash = strrchr(target, '/');
  const char *last = slash == NULL ? target : slash + 1;
  if (*last == '\0' || strlen(last) >= size) return fault(CARILLON_MALFORMED, "%s: leads nowhere sensible", path);
  strcpy(name, last);
  return CARILLON_OK;
}
