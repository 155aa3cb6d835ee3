#define _POSIX_C_SOURCE 200809L
#include "x11.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

static const struct symbol {
  const char *library, *name;
  size_t offset;
} symbols[] = {
#define IN(library, name) {library, #name, offsetof(struct x11, name)}
    IN("libX11.so.6", XOpenDisplay),
    IN("libX11.so.6", XCloseDisplay),
    IN("libX11.so.6", XSync),
    IN("libX11.so.6", XDefaultRootWindow),
    IN("libX11.so.6", XGetScreenSaver),
    IN("libX11.so.6", XSetScreenSaver),
    IN("libX11.so.6", XForceScreenSaver),
    IN("libX11.so.6", XSetErrorHandler),
    IN("libX11.so.6", XSetIOErrorHandler),
    IN("libX11.so.6", XSetIOErrorExitHandler),
    IN("libXext.so.6", DPMSQueryExtension),
    IN("libXext.so.6", DPMSCapable),
    IN("libXext.so.6", DPMSInfo),
    IN("libXext.so.6", DPMSGetTimeouts),
    IN("libXext.so.6", DPMSSetTimeouts),
    IN("libXext.so.6", DPMSEnable),
    IN("libXext.so.6", DPMSForceLevel),
    IN("libXss.so.1", XScreenSaverQueryExtension),
    IN("libXss.so.1", XScreenSaverQueryInfo),
#undef IN
};

/* The libraries stay: whoever else draws in this process uses the same ones. */
static int32_t find_x11(const struct x11 **found) {
  static struct x11 x;
  static int complete;
  *found = &x;
  if (complete) return CARILLON_OK;
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
    void *library = dlopen(symbols[i].library, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return fault(CARILLON_NOT_AVAILABLE, "%s", dlerror());
    void *symbol = dlsym(library, symbols[i].name);
    if (symbol == NULL)
      return fault(CARILLON_NOT_AVAILABLE, "%s is too old: it has no %s", symbols[i].library, symbols[i].name);
    memcpy((char *)&x + symbols[i].offset, &symbol, sizeof symbol);
  }
  complete = 1;
  return CARILLON_OK;
}

/* Set by Xlib's callbacks, which run inside its calls. */
static int refused, lost;

static int note_error(Display *display, void *event) {
  (void)display;
  (void)event;
  refused = 1;
  return 0;
}

static int note_io_error(Display *display) {
  (void)display;
  lost = 1;
  return 0;
}

static void stay(Display *display, void *data) {
  (void)display;
  (void)data;
}

int32_t open_screen(const char *name, struct screen *screen) {
  if (name == NULL) return fault(CARILLON_INVALID_ARGUMENT, "no display was given");
  int32_t status = find_x11(&screen->x);
  if (status != CARILLON_OK) return status;
  const char *environment = getenv("DISPLAY");
  screen->name = *name != '\0' ? name : environment;
  if (screen->name == NULL || *screen->name == '\0')
    return fault(CARILLON_NOT_AVAILABLE, "DISPLAY names no X server");
  refused = lost = 0;
  screen->earlier_error = screen->x->XSetErrorHandler(note_error);
  screen->earlier_io_error = screen->x->XSetIOErrorHandler(note_io_error);
  screen->display = screen->x->XOpenDisplay(screen->name);
  if (screen->display == NULL)
    return close_screen(screen, fault(CARILLON_NOT_AVAILABLE, "no X server answers at %s", screen->name));
  screen->x->XSetIOErrorExitHandler(screen->display, stay, NULL);
  int event, error;
  screen->has_dpms = screen->x->DPMSQueryExtension(screen->display, &event, &error) &&
                     screen->x->DPMSCapable(screen->display);
  screen->has_screen_saver = screen->x->XScreenSaverQueryExtension(screen->display, &event, &error);
  return CARILLON_OK;
}

int32_t close_screen(struct screen *screen, int32_t status) {
  if (screen->display != NULL) {
    if (!lost) screen->x->XSync(screen->display, 0);
    screen->x->XCloseDisplay(screen->display);
  }
  screen->x->XSetErrorHandler(screen->earlier_error);
  screen->x->XSetIOErrorHandler(screen->earlier_io_error);
  if (lost) return fault(CARILLON_FAILED, "the X server at %s went away", screen->name);
  if (refused) return fault(CARILLON_FAILED, "the X server at %s refused it", screen->name);
  return status;
}
