#ifndef CARILLON_FIRMWARE_H
#define CARILLON_FIRMWARE_H

#include "carillon.h"

/* What the Raspberry Pi's firmware is asked for; `first` goes with the question where it takes a number. */
#define FIRMWARE_TEMPERATURE 0x00030006u
#define FIRMWARE_THROTTLED 0x00030046u

/* One question to it, through /dev/vcio: two words there and back. */
int32_t ask_firmware(const char *root, uint32_t tag, uint32_t words[2]);

#endif
