#define _POSIX_C_SOURCE 200809L
#include "fault.h"
#include "x11.h"

#define DPMS_ON 0
#define DPMS_OFF 3
#define SAVER_RESET 0
#define SAVER_ACTIVE 1
#define SERVERS_OWN (-1)
#define PREFER_BLANKING 1
#define DEFAULT_BLANKING 2
#define DEFAULT_EXPOSURES 2
/* What an X server starts with. */
#define DPMS_SECONDS 600

static int32_t look(struct screen *screen, struct carillon_display *state) {
  const struct x11 *x = screen->x;
  int timeout = 0, interval, blanking, exposures;
  *state = (struct carillon_display){.dpms = CARILLON_UNKNOWN, .screen_saver = CARILLON_UNKNOWN};
  x->XGetScreenSaver(screen->display, &timeout, &interval, &blanking, &exposures);
  state->blanking = timeout > 0;
  if (screen->has_dpms) {
    uint16_t level = 0, standby = 0, suspend = 0, off = 0;
    uint8_t enabled = 0;
    if (!x->DPMSInfo(screen->display, &level, &enabled) ||
        !x->DPMSGetTimeouts(screen->display, &standby, &suspend, &off) || level > DPMS_OFF)
      return fault(CARILLON_MALFORMED, "the X server at %s does not tell how DPMS stands", screen->name);
    state->dpms = enabled ? level : DPMS_ON;
    if (enabled && (standby > 0 || suspend > 0 || off > 0)) state->blanking = 1;
  }
  if (screen->has_screen_saver) {
    static const int32_t states[] = {CARILLON_SAVER_OFF, CARILLON_SAVER_ON, CARILLON_SAVER_ON, CARILLON_SAVER_DISABLED};
    XScreenSaverInfo info = {0};
    if (!x->XScreenSaverQueryInfo(screen->display, x->XDefaultRootWindow(screen->display), &info) || info.state < 0 ||
        info.state > 3)
      return fault(CARILLON_MALFORMED, "the X server at %s does not tell how its screen saver stands", screen->name);
    state->screen_saver = states[info.state];
  }
  if (!screen->has_dpms && !screen->has_screen_saver)
    return fault(CARILLON_NOT_AVAILABLE, "the X server at %s has neither DPMS nor a screen saver", screen->name);
  state->on = state->dpms <= DPMS_ON && state->screen_saver != CARILLON_SAVER_ON;
  return CARILLON_OK;
}

int32_t carillon_display(const char *display, struct carillon_display *state) {
  struct screen screen;
  struct carillon_display found;
  int32_t status = open_screen(display, &screen);
  if (status != CARILLON_OK) return status;
  status = close_screen(&screen, look(&screen, &found));
  if (status == CARILLON_OK) *state = found;
  return status;
}

/* While DPMS is not enabled, forcing a level is an error. */
static int is_dpms_enabled(struct screen *screen) {
  uint16_t level;
  uint8_t enabled = 0;
  return screen->has_dpms && screen->x->DPMSInfo(screen->display, &level, &enabled) && enabled;
}

static void switch_on(struct screen *screen) {
  if (is_dpms_enabled(screen)) screen->x->DPMSForceLevel(screen->display, DPMS_ON);
  screen->x->XForceScreenSaver(screen->display, SAVER_RESET);
}

static void switch_off(struct screen *screen) {
  const struct x11 *x = screen->x;
  if (!screen->has_dpms) {
    int timeout, interval, blanking, exposures;
    x->XGetScreenSaver(screen->display, &timeout, &interval, &blanking, &exposures);
    x->XSetScreenSaver(screen->display, timeout, interval, PREFER_BLANKING, exposures);
    x->XForceScreenSaver(screen->display, SAVER_ACTIVE);
    return;
  }
  if (!is_dpms_enabled(screen)) {
    x->DPMSSetTimeouts(screen->display, 0, 0, 0); /* enabled for this alone, not for its timers */
    x->DPMSEnable(screen->display);
  }
  x->DPMSForceLevel(screen->display, DPMS_OFF);
}

int32_t carillon_display_power(const char *display, int32_t on) {
  struct screen screen;
  struct carillon_display found;
  int32_t status = open_screen(display, &screen);
  if (status != CARILLON_OK) return status;
  if (on) switch_on(&screen);
  else switch_off(&screen);
  status = look(&screen, &found);
  if (status == CARILLON_OK && found.on != !!on)
    status = fault(CARILLON_FAILED, "the display at %s did not switch %s", screen.name, on ? "on" : "off");
  return close_screen(&screen, status);
}

int32_t carillon_display_blanking(const char *display, int32_t allowed) {
  struct screen screen;
  int32_t status = open_screen(display, &screen);
  if (status != CARILLON_OK) return status;
  const uint16_t seconds = allowed ? DPMS_SECONDS : 0;
  screen.x->XSetScreenSaver(screen.display, allowed ? SERVERS_OWN : 0, allowed ? SERVERS_OWN : 0, DEFAULT_BLANKING,
                            DEFAULT_EXPOSURES);
  if (screen.has_dpms) {
    screen.x->DPMSSetTimeouts(screen.display, seconds, seconds, seconds);
    if (allowed) screen.x->DPMSEnable(screen.display);
  }
  return close_screen(&screen, status);
}

int32_t carillon_idle(const char *display, double *seconds) {
  struct screen screen;
  XScreenSaverInfo info = {0};
  int32_t status = open_screen(display, &screen);
  if (status != CARILLON_OK) return status;
  if (!screen.has_screen_saver)
    status = fault(CARILLON_NOT_AVAILABLE, "the X server at %s does not tell how long nothing was touched", screen.name);
  else if (!screen.x->XScreenSaverQueryInfo(screen.display, screen.x->XDefaultRootWindow(screen.display), &info))
    status = fault(CARILLON_FAILED, "the X server at %s did not answer", screen.name);
  status = close_screen(&screen, status);
  if (status == CARILLON_OK) *seconds = (double)info.idle / 1000;
  return status;
}
