/*
 * A stand-in for the app, for processors whose Electron is not at hand. It is not the app: it does what the image
 * expects of one, which is to live, to touch the heartbeat and to show something, and it asks libcarillon, as the app
 * does, on the kernel of the image. What the library answers goes to standard output, a line each, and to the screen.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../native/src/carillon.h"

static void *library;
static FILE *screen;
static volatile sig_atomic_t order;

static void end(const char *what, const char *why) {
  fprintf(stderr, "stand-in: %s: %s\n", what, why);
  exit(1);
}

/* The library beside this program, as it lies beside the app. */
static void open_library(void) {
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
  if (length < 0) end("/proc/self/exe", strerror(errno));
  path[length] = '\0';
  strcpy(strrchr(path, '/'), "/resources/libcarillon.so");
  library = dlopen(path, RTLD_NOW);
  if (library == NULL) end(path, dlerror());
}

static void *function(const char *name) {
  void *found = dlsym(library, name);
  if (found == NULL) end(name, dlerror());
  return found;
}

/* ISO C knows no way from an object's pointer to a function's; POSIX does. */
#define CALL(name) (*(__typeof__(&name))(uintptr_t)function(#name))

__attribute__((format(printf, 2, 3))) static void tell(const char *name, const char *format, ...) {
  va_list values;
  for (FILE *to = stdout;; to = screen) {
    fprintf(to, "%s %s: ", to == stdout ? "stand-in" : " ", name);
    va_start(values, format);
    vfprintf(to, format, values);
    va_end(values);
    fputc('\n', to);
    fflush(to);
    if (to == screen) return;
  }
}

/* The status, and the library's own sentence: there is no answer then. */
static int refused(const char *name, int32_t status) {
  if (status != CARILLON_OK) tell(name, "status %d, %s", (int)status, CALL(carillon_last_error)());
  return status != CARILLON_OK;
}

static void ask_machine(void) {
  double number;
  if (!refused("temperature", CALL(carillon_temperature)("", &number))) tell("temperature", "%.1f", number);

  struct carillon_throttling throttling;
  if (!refused("throttling", CALL(carillon_throttling)("", &throttling)))
    tell("throttling", "underVoltage %d", (int)throttling.now.under_voltage);

  struct carillon_board board;
  if (!refused("board", CALL(carillon_board)("", &board))) tell("board", "%s, serial \"%s\"", board.model, board.serial);

  struct carillon_storage storage;
  if (!refused("storage", CALL(carillon_storage)("", &storage)))
    tell("storage", "%s %s readOnly %d remounted %d fileSystemErrors %lld cardErrors %lld worn %d", storage.device,
         storage.file_system, (int)storage.read_only, (int)storage.remounted_read_only,
         (long long)storage.file_system_errors, (long long)storage.card_errors, (int)storage.worn_percent);

  struct carillon_memory memory;
  if (!refused("memory", CALL(carillon_memory)("", &memory)))
    tell("memory", "total %lld available %lld", (long long)memory.total, (long long)memory.available);

  struct carillon_pressure pressure;
  if (!refused("pressure", CALL(carillon_pressure)("", CARILLON_MEMORY, &pressure)))
    tell("pressure", "some %.2f %.2f %.2f full %d", pressure.some[0], pressure.some[1], pressure.some[2],
         (int)pressure.has_full);

  int32_t whole;
  if (!refused("watchdog", CALL(carillon_watchdog)("", &whole))) tell("watchdog", "%d", (int)whole);
  if (!refused("watchdog-open", CALL(carillon_watchdog_open)("", 10, &whole))) {
    CALL(carillon_watchdog_close)();
    tell("watchdog-open", "%d", (int)whole);
  }
}

/* Through libX11, which the library opens itself. */
static void ask_display(void) {
  struct carillon_display display;
  if (!refused("display", CALL(carillon_display)("", &display)))
    tell("display", "on %d dpms %d screenSaver %d blanking %d", (int)display.on, (int)display.dpms,
         (int)display.screen_saver, (int)display.blanking);
  double seconds;
  if (!refused("idle", CALL(carillon_idle)("", &seconds))) tell("idle", "%.1f", seconds);
}

/* SIGUSR1 switches the display off, SIGUSR2 on again. */
static void take_order(int signal) { order = signal; }

static void follow_order(void) {
  const int taken = order;
  if (taken == 0) return;
  order = 0;
  const int32_t status = CALL(carillon_display_power)("", taken == SIGUSR2);
  printf("stand-in display-power: %s %d\n", taken == SIGUSR2 ? "on" : "off", (int)status);
  fflush(stdout);
}

static void show_notice(const char *path) {
  char line[512];
  FILE *notice = fopen(path, "r");
  if (notice == NULL) return;
  fputc('\n', screen);
  while (fgets(line, sizeof line, notice) != NULL) fprintf(screen, "  %s", line);
  fclose(notice);
}

/* Its window is a terminal with the text in it, which ends with this program. */
static void open_window(const char *text) {
  pid_t child = fork();
  if (child < 0) end("fork", strerror(errno));
  if (child > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  execlp("xterm", "xterm", "-bg", "#2f6f9f", "-fg", "white", "-cr", "#2f6f9f", "+sb", "-fa", "DejaVu Sans Mono", "-fs",
         "11", "-e", "sh", "-c", "cat \"$0\"; exec sleep infinity", text, (char *)NULL);
  end("xterm", strerror(errno));
}

static const char *option(int count, char **values, const char *name) {
  for (int i = 1; i < count - 1; i++) {
    if (strcmp(values[i], name) == 0) return values[i + 1];
  }
  end(name, "is not given");
  return NULL;
}

int main(int count, char **values) {
  const char *heartbeat = option(count, values, "--heartbeat");
  const char *folder = getenv("XDG_RUNTIME_DIR");
  char text[4096];
  snprintf(text, sizeof text, "%s/stand-in", folder == NULL ? "/tmp" : folder);
  screen = fopen(text, "w");
  if (screen == NULL) end(text, strerror(errno));
  fprintf(screen, "\n  A STAND-IN for the app, without Electron.\n\n");

  open_library();
  tell("abi", "%d", (int)CALL(carillon_abi)());
  tell("version", "%s", CALL(carillon_version)());
  tell("add", "%d", (int)CALL(carillon_add)(2000000000, -2000000042));
  ask_machine();
  ask_display();
  show_notice(option(count, values, "--notice"));
  fclose(screen);
  open_window(text);
  signal(SIGUSR1, take_order);
  signal(SIGUSR2, take_order);
  for (;;) {
    follow_order();
    int file = open(heartbeat, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || futimens(file, NULL) < 0) end(heartbeat, strerror(errno));
    close(file);
    sleep(5);
  }
}
