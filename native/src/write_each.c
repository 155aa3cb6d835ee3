#define _GNU_SOURCE
#include "carillon.h"

#include <errno.h>
#include <sys/socket.h>

int32_t carillon_write_each(const int32_t *sockets, int32_t count, const uint8_t *bytes, int32_t size, int32_t *written) {
  for (int32_t i = 0; i < count; i++) {
    ssize_t sent;
    do sent = send(sockets[i], bytes, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    written[i] = sent < 0 ? 0 : (int32_t)sent;
  }
  return CARILLON_OK;
}
