#include "carillon.h"

int32_t carillon_abi(void) { return CARILLON_ABI; }

const char *carillon_version(void) { return CARILLON_VERSION; }

int32_t carillon_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
