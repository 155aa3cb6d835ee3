#define _POSIX_C_SOURCE 200809L
#include "mounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "files.h"

/* One line of /proc/self/mountinfo; the texts point into it. */
struct line {
  int major, minor;
  const char *place, *options, *type, *super_options;
};

/* Cuts the line at its blanks. It writes blanks within a name as \040. */
static int parse_mount(char *text, struct line *line) {
  char *rest = NULL;
  char *words[6];
  for (int i = 0; i < 6; i++) {
    words[i] = strtok_r(i == 0 ? text : NULL, " ", &rest);
    if (words[i] == NULL) return 0;
  }
  char *word = strtok_r(NULL, " ", &rest);
  while (word != NULL && strcmp(word, "-") != 0) word = strtok_r(NULL, " ", &rest); /* fields of newer kernels */
  line->type = strtok_r(NULL, " ", &rest);
  const char *source = strtok_r(NULL, " ", &rest);
  line->super_options = strtok_r(NULL, " ", &rest);
  line->place = words[4];
  line->options = words[5];
  char end;
  return source != NULL && line->super_options != NULL &&
         sscanf(words[2], "%d:%d%c", &line->major, &line->minor, &end) == 2;
}

/* `ro` in `rw,noatime,ro`: as a whole word of a list. What follows `name=` is its value. */
static const char *find_option(const char *options, const char *name) {
  size_t length = strlen(name);
  for (const char *at = options; at != NULL; at = strchr(at, ',')) {
    if (*at == ',') at++;
    if (strncmp(at, name, length) == 0 && (name[length - 1] == '=' || strchr(",", at[length]) != NULL)) return at + length;
  }
  return NULL;
}

/* The last one wins: it was mounted over those before it. */
static int find_mount(char *text, const char *place, size_t place_length, struct line *found) {
  int any = 0;
  char *rest = NULL;
  for (char *one = strtok_r(text, "\n", &rest); one != NULL; one = strtok_r(NULL, "\n", &rest)) {
    struct line line;
    if (!parse_mount(one, &line) || strlen(line.place) != place_length) continue;
    if (memcmp(line.place, place, place_length) != 0) continue;
    *found = line;
    any = 1;
  }
  return any;
}

static int32_t fill(const struct line *line, const char *path, struct root_mount *mount) {
  if (strlen(line->type) >= sizeof mount->type)
    return fault(CARILLON_MALFORMED, "%s: a kind of file system that cannot be", path);
  strcpy(mount->type, line->type);
  mount->major = line->major;
  mount->minor = line->minor;
  mount->emergency = find_option(line->super_options, "emergency_ro") != NULL;
  mount->read_only = mount->emergency || find_option(line->options, "ro") != NULL ||
                     find_option(line->super_options, "ro") != NULL;
  return CARILLON_OK;
}

int32_t find_root_mount(const char *root, struct root_mount *mount) {
  char path[PATH_SIZE];
  char *text = NULL, *again = NULL;
  int32_t status = make_path(path, root, "/proc/self/mountinfo");
  if (status == CARILLON_OK) status = read_long_file(path, &text);
  if (status != CARILLON_OK) return status;
  struct line line;
  if (!find_mount(text, "/", 1, &line)) {
    status = fault(CARILLON_MALFORMED, "%s: names no root", path);
  } else if (strcmp(line.type, "overlay") != 0) {
    status = fill(&line, path, mount);
  } else {
    const char *lower = find_option(line.super_options, "lowerdir=");
    status = read_long_file(path, &again); /* the first is cut up */
    if (status == CARILLON_OK && (lower == NULL || !find_mount(again, lower, strcspn(lower, ",:"), &line)))
      status = fault(CARILLON_NOT_AVAILABLE, "%s: what lies under the overlay is mounted nowhere", path);
    if (status == CARILLON_OK) status = fill(&line, path, mount);
  }
  free(text);
  free(again);
  return status;
}

/* The options of `/` in /etc/fstab, by which systemd mounts it once more. */
static int32_t from_table(const char *root, int32_t *meant) {
  char path[PATH_SIZE];
  char *text = NULL;
  int32_t status = make_path(path, root, "/etc/fstab");
  if (status == CARILLON_OK) status = read_long_file(path, &text);
  if (status != CARILLON_OK) return status;
  *meant = CARILLON_UNKNOWN;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    char *word = NULL;
    const char *source = strtok_r(line, " \t", &word);
    const char *place = strtok_r(NULL, " \t", &word);
    strtok_r(NULL, " \t", &word);
    const char *options = strtok_r(NULL, " \t", &word);
    if (source == NULL || source[0] == '#' || place == NULL || strcmp(place, "/") != 0 || options == NULL) continue;
    *meant = find_option(options, "ro") != NULL;
  }
  free(text);
  return CARILLON_OK;
}

/* `ro` or `rw` of the kernel's command line, the last of them. */
static int32_t from_command_line(const char *root, int32_t *meant) {
  char path[PATH_SIZE], text[2 * VALUE_SIZE];
  int32_t status = make_path(path, root, "/proc/cmdline");
  if (status == CARILLON_OK) status = read_file(path, text, sizeof text);
  if (status != CARILLON_OK) return status;
  *meant = CARILLON_UNKNOWN;
  char *rest = NULL;
  for (char *word = strtok_r(text, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest)) {
    if (strcmp(word, "ro") == 0) *meant = 1;
    if (strcmp(word, "rw") == 0) *meant = 0;
  }
  return CARILLON_OK;
}

int32_t meant_read_only(const char *root, int32_t *meant) {
  int32_t status = from_table(root, meant);
  if (status == CARILLON_OK && *meant != CARILLON_UNKNOWN) return CARILLON_OK;
  if (status != CARILLON_OK && status != CARILLON_NOT_AVAILABLE && status != CARILLON_NOT_PERMITTED) return status;
  status = from_command_line(root, meant);
  if (status == CARILLON_NOT_AVAILABLE || status == CARILLON_NOT_PERMITTED) {
    *meant = CARILLON_UNKNOWN;
    return CARILLON_OK;
  }
  return status;
}
