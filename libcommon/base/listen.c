#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "check.h"
#include "text.h"

#define BACKLOG 1024

int listen_open(const char *address, uint16_t port, bool shared, char *error, size_t error_size)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *in = (struct sockaddr_in *) &storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) &storage;
    socklen_t size = sizeof *in;
    int on = 1;

    if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
    } else if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        size = sizeof *in6;
    } else {
        snprintf(error, error_size, "%s is not an IP address", address);
        return -1;
    }
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (storage.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *) &storage, size) != 0 || listen(fd, BACKLOG) != 0) {
        snprintf(error, error_size, "cannot listen on %s port %u: %s", address, port,
                 strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

void listen_hand_down(const int fds[], const char *const names[], size_t count)
{
    char all[256] = "", number[16];
    int high[LISTEN_MAX];
    size_t size = 0;

    if (count == 0)
        return;
    CHECK(count <= LISTEN_MAX);
    /* First out of the way of each other, then to their places without close-on-exec. */
    for (size_t i = 0; i < count; i++)
        high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, LISTEN_FIRST + LISTEN_MAX);
    for (size_t i = 0; i < count; i++) {
        CHECK(high[i] >= 0 && dup2(high[i], LISTEN_FIRST + (int) i) >= 0);
        size += (size_t) snprintf(all + size, sizeof all - size, "%s%s", i ? ":" : "", names[i]);
        CHECK(size < sizeof all);
    }
    snprintf(number, sizeof number, "%zu", count);
    setenv("LISTEN_FDS", number, 1);
    setenv("LISTEN_FDNAMES", all, 1);
    snprintf(number, sizeof number, "%d", (int) getpid());
    setenv("LISTEN_PID", number, 1);
}

int listen_inherited(const char *name)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS"),
               *names = getenv("LISTEN_FDNAMES");
    int64_t count, owner;

    if (!pid || !fds || !names || !text_int(pid, 1, INT32_MAX, &owner) || owner != getpid() ||
        !text_int(fds, 1, LISTEN_MAX, &count))
        return -1;
    for (int i = 0; i < count; i++) {
        size_t size = strcspn(names, ":");
        int fd = LISTEN_FIRST + i;
        if (size == strlen(name) && memcmp(names, name, size) == 0) {
            fcntl(fd, F_SETFD, FD_CLOEXEC);
            fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
            return fd;
        }
        names += size + (names[size] == ':');
    }
    return -1;
}
