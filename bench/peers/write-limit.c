/*
 * The limit of every server that writes once per delivery: one process that does nothing else. A number n on its
 * standard input makes it write n frames, one by one, to every socket it has accepted. Prints its port.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { most_sockets = 65536, frame_bytes = 250 };

static int sockets[most_sockets];
static int count;
static char frame[frame_bytes];

static void publish(long times) {
  while (times-- > 0)
    for (int i = 0; i < count; i++)
      if (write(sockets[i], frame, frame_bytes) < 0) sockets[i--] = sockets[--count];
}

static void take_numbers(void) {
  static long number;
  char text[4096];
  ssize_t length = read(0, text, sizeof text);
  if (length <= 0) exit(0);
  for (ssize_t i = 0; i < length; i++) {
    if (text[i] != '\n') {
      number = number * 10 + (text[i] - '0');
      continue;
    }
    publish(number);
    number = 0;
  }
}

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int one = 1;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  memset(frame, 'x', frame_bytes);
  signal(SIGPIPE, SIG_IGN);
  if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096)) return 1;
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);

  struct pollfd polled[2] = {{.fd = 0, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
  for (;;) {
    poll(polled, 2, -1);
    if (polled[0].revents) take_numbers();
    if (polled[1].revents && count < most_sockets) {
      int accepted = accept(listener, NULL, NULL);
      if (accepted < 0) continue;
      setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      sockets[count++] = accepted;
      if (write(accepted, "k", 1) < 0) count--;
    }
  }
}
