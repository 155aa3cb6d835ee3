#include "numbers.h"

#include <stddef.h>

static const char *parse_digits(const char *text, int base, int64_t *number) {
  int64_t sum = 0;
  const char *at = text;
  for (;; at++) {
    int digit;
    if (*at >= '0' && *at <= '9') digit = *at - '0';
    else if (base == 16 && *at >= 'a' && *at <= 'f') digit = *at - 'a' + 10;
    else if (base == 16 && *at >= 'A' && *at <= 'F') digit = *at - 'A' + 10;
    else break;
    if (sum > (INT64_MAX - digit) / base) return NULL;
    sum = sum * base + digit;
  }
  if (at == text) return NULL;
  *number = sum;
  return at;
}

const char *parse_integer(const char *text, int64_t *number) {
  int negative = *text == '-';
  int64_t size;
  const char *rest = parse_digits(text + negative, 10, &size);
  if (rest != NULL) *number = negative ? -size : size;
  return rest;
}

const char *parse_hexadecimal(const char *text, int64_t *number) {
  if (text[0] != '0' || text[1] != 'x') return NULL;
  return parse_digits(text + 2, 16, number);
}

const char *parse_decimal(const char *text, double *number) {
  int64_t whole, part = 0;
  double divisor = 1;
  const char *rest = parse_digits(text, 10, &whole);
  if (rest == NULL) return NULL;
  if (*rest == '.') {
    const char *start = rest + 1;
    rest = parse_digits(start, 10, &part);
    if (rest == NULL) return NULL;
    for (const char *at = start; at < rest; at++) divisor *= 10;
  }
  *number = (double)whole + (double)part / divisor;
  return rest;
}
