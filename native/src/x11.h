#ifndef CARILLON_X11_H
#define CARILLON_X11_H

#include <stdint.h>

/*
 * The part of libX11, libXext and libXss that is used, found when it is first needed: a machine without a screen has
 * none of them, and building needs no headers of theirs.
 */
typedef struct _XDisplay Display;
typedef unsigned long XID;

typedef struct {
  XID window;
  int state;
  int kind;
  unsigned long til_or_since;
  unsigned long idle;
  unsigned long event_mask;
} XScreenSaverInfo;

struct x11 {
  Display *(*XOpenDisplay)(const char *);
  int (*XCloseDisplay)(Display *);
  int (*XSync)(Display *, int);
  XID (*XDefaultRootWindow)(Display *);
  int (*XGetScreenSaver)(Display *, int *, int *, int *, int *);
  int (*XSetScreenSaver)(Display *, int, int, int, int);
  int (*XForceScreenSaver)(Display *, int);
  int (*(*XSetErrorHandler)(int (*)(Display *, void *)))(Display *, void *);
  int (*(*XSetIOErrorHandler)(int (*)(Display *)))(Display *);
  void (*XSetIOErrorExitHandler)(Display *, void (*)(Display *, void *), void *);
  int (*DPMSQueryExtension)(Display *, int *, int *);
  int (*DPMSCapable)(Display *);
  int (*DPMSInfo)(Display *, uint16_t *, uint8_t *);
  int (*DPMSGetTimeouts)(Display *, uint16_t *, uint16_t *, uint16_t *);
  int (*DPMSSetTimeouts)(Display *, uint16_t, uint16_t, uint16_t);
  int (*DPMSEnable)(Display *);
  int (*DPMSForceLevel)(Display *, uint16_t);
  int (*XScreenSaverQueryExtension)(Display *, int *, int *);
  int (*XScreenSaverQueryInfo)(Display *, XID, XScreenSaverInfo *);
};

/* A connection for one question or order. Those to it may fail without ending the program, as Xlib does by itself. */
struct screen {
  const struct x11 *x;
  Display *display;
  const char *name;
  int has_dpms;
  int has_screen_saver;
  int (*earlier_error)(Display *, void *);
  int (*earlier_io_error)(Display *);
};

/* "": the display of DISPLAY. Whoever opened closes, whatever came between; closing answers what went wrong. */
int32_t open_screen(const char *name, struct screen *screen);
int32_t close_screen(struct screen *screen, int32_t status);

#endif
