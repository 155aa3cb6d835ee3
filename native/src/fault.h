#ifndef CARILLON_FAULT_H
#define CARILLON_FAULT_H

#include "carillon.h"

/* Keeps the sentence and answers the status, so that a failure is one line: return fault(CARILLON_FAILED, "…"). */
__attribute__((format(printf, 2, 3))) int32_t fault(int32_t status, const char *format, ...);

/* The same for an errno: what it means for a caller, and the kernel's words for it. */
int32_t fault_of_errno(int error, const char *what);

/* A failure to come back to, when what was tried after it says less. */
struct kept_fault {
  int32_t status;
  char sentence[512];
};
struct kept_fault keep_fault(int32_t status);
int32_t fault_again(const struct kept_fault *kept);

#endif
