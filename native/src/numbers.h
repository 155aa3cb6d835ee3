#ifndef CARILLON_NUMBERS_H
#define CARILLON_NUMBERS_H

#include <stdint.h>

/*
 * The C library's own readers skip blanks, take what is in no file of the kernel's, and go by a locale that a toolkit in
 * the same process may have set: 12,5 for 12.5. These answer what follows the number, or NULL when there is none or it
 * does not fit.
 */
const char *parse_integer(const char *text, int64_t *number);
const char *parse_hexadecimal(const char *text, int64_t *number); /* after 0x */
const char *parse_decimal(const char *text, double *number); /* 12.34, never negative */

#endif
