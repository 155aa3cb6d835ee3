#ifndef CARILLON_H
#define CARILLON_H

#include <stdint.h>

/*
 * What a screen's machine can tell of itself, and what can be done to it. The caller is native/bind.ts; whoever changes
 * a signature, a structure or a number here raises CARILLON_ABI and changes native/abi.ts with it.
 *
 * Every function that can fail answers a status and writes its answer only when that is CARILLON_OK.
 * carillon_last_error() then has a sentence about the last failure on this thread.
 *
 * `root` is put before every path that is looked at: "" on a machine, a folder with a tree like a machine's in a test.
 */
#define CARILLON_ABI 2
#define CARILLON_VERSION "1.1.0"
#define CARILLON_API __attribute__((visibility("default")))

enum carillon_status {
  CARILLON_OK = 0,
  CARILLON_NOT_AVAILABLE = 1,
  CARILLON_NOT_PERMITTED = 2,
  CARILLON_HELD = 3,
  CARILLON_MALFORMED = 4,
  CARILLON_FAILED = 5,
  CARILLON_INVALID_ARGUMENT = 6,
  CARILLON_CLOSED = 7,
};

/* A thing that this machine does not tell, where the others of a structure are known. */
#define CARILLON_UNKNOWN (-1)

/* Each 0, 1 or CARILLON_UNKNOWN. */
struct carillon_throttle_flags {
  int32_t under_voltage;
  int32_t frequency_capped;
  int32_t throttled;
  int32_t soft_temperature_limit;
};

struct carillon_throttling {
  struct carillon_throttle_flags now;
  struct carillon_throttle_flags since_start;
};

/* UTF-8. An empty serial: none, or not for this user. */
struct carillon_board {
  char model[128];
  char serial[64];
};

struct carillon_storage {
  char device[64];
  char file_system[32];
  int32_t read_only;
  int32_t remounted_read_only;
  int64_t file_system_errors;
  int64_t card_errors;
  int32_t worn_percent;
  int32_t reserved;
};

/* In bytes. */
struct carillon_memory {
  int64_t total;
  int64_t available;
};

/* Percent over 10, 60 and 300 seconds, in this order. */
struct carillon_pressure {
  double some[3];
  double full[3];
  int32_t has_full;
  int32_t reserved;
};

enum carillon_resource { CARILLON_CPU = 0, CARILLON_MEMORY = 1, CARILLON_IO = 2 };

enum carillon_screen_saver { CARILLON_SAVER_OFF = 0, CARILLON_SAVER_ON = 1, CARILLON_SAVER_DISABLED = 2 };

struct carillon_display {
  int32_t on;
  int32_t dpms; /* 0 on, 1 standby, 2 suspend, 3 off, or CARILLON_UNKNOWN: the X server has no DPMS */
  int32_t screen_saver;
  int32_t blanking;
};

enum carillon_watchdog_state { CARILLON_WATCHDOG_ABSENT = 0, CARILLON_WATCHDOG_IDLE = 1, CARILLON_WATCHDOG_ACTIVE = 2 };

/* Both ends lay these out alike on every target: nothing is left to a compiler. */
_Static_assert(sizeof(struct carillon_throttling) == 32, "ABI");
_Static_assert(sizeof(struct carillon_board) == 192, "ABI");
_Static_assert(sizeof(struct carillon_storage) == 128, "ABI");
_Static_assert(sizeof(struct carillon_memory) == 16, "ABI");
_Static_assert(sizeof(struct carillon_pressure) == 56, "ABI");
_Static_assert(sizeof(struct carillon_display) == 16, "ABI");

CARILLON_API int32_t carillon_abi(void);
CARILLON_API const char *carillon_version(void);
/* The self-test: proves that numbers arrive and come back as they are. Wraps around. */
CARILLON_API int32_t carillon_add(int32_t a, int32_t b);
CARILLON_API const char *carillon_last_error(void);

CARILLON_API int32_t carillon_temperature(const char *root, double *celsius);
CARILLON_API int32_t carillon_throttling(const char *root, struct carillon_throttling *throttling);
CARILLON_API int32_t carillon_board(const char *root, struct carillon_board *board);
CARILLON_API int32_t carillon_storage(const char *root, struct carillon_storage *storage);
CARILLON_API int32_t carillon_memory(const char *root, struct carillon_memory *memory);
CARILLON_API int32_t carillon_pressure(const char *root, int32_t resource, struct carillon_pressure *pressure);

/* `display` as in DISPLAY; "": what DISPLAY says. */
CARILLON_API int32_t carillon_display(const char *display, struct carillon_display *state);
CARILLON_API int32_t carillon_display_power(const char *display, int32_t on);
CARILLON_API int32_t carillon_display_blanking(const char *display, int32_t allowed);
CARILLON_API int32_t carillon_idle(const char *display, double *seconds);

/* One watchdog per process, as the kernel lets nobody else in either. */
CARILLON_API int32_t carillon_watchdog(const char *root, int32_t *state);
CARILLON_API int32_t carillon_watchdog_open(const char *root, int32_t seconds, int32_t *timeout);
CARILLON_API int32_t carillon_watchdog_pet(void);
CARILLON_API int32_t carillon_watchdog_close(void);

/*
 * Offers each of these sockets the same bytes, and writes how many it took: 0 where it is full, or gone. Whose bytes are
 * left is the caller's to find out, and why. Never waits.
 */
CARILLON_API int32_t carillon_write_each(const int32_t *sockets, int32_t count, const uint8_t *bytes, int32_t size,
                                         int32_t *written);

#endif
