#include "listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static uint16_t port_of(int fd)
{
    struct sockaddr_in in = {0};
    socklen_t size = sizeof in;
    getsockname(fd, (struct sockaddr *) &in, &size);
    return ntohs(in.sin_port);
}

static bool can_connect(uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &in.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = connect(fd, (struct sockaddr *) &in, sizeof in) == 0;
    close(fd);
    return ok;
}

TEST(a_port_is_opened_once)
{
    char error[200] = "";
    int fd = listen_open("127.0.0.1", 0, false, error, sizeof error);
    EXPECT(fd >= 0);
    EXPECT(listen_open("127.0.0.1", port_of(fd), false, error, sizeof error) == -1);
    EXPECT(strstr(error, "cannot listen on 127.0.0.1 port "));
    close(fd);
    int six = listen_open("::1", 0, true, error, sizeof error);
    if (six >= 0) /* a machine may have no IPv6 */
        close(six);
    EXPECT(listen_open("localhost", 80, false, error, sizeof error) == -1);
    EXPECT(strstr(error, "is not an IP address"));
}

/* Two sockets go down to a child under their names, and are the same ones there. */
TEST(sockets_are_handed_down)
{
    char error[200];
    int fds[2] = {listen_open("127.0.0.1", 0, false, error, sizeof error),
                  listen_open("127.0.0.1", 0, false, error, sizeof error)};
    const char *const names[2] = {"tls", "plain"};
    EXPECT(listen_inherited("tls") == -1);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        uint16_t ports[2] = {port_of(fds[0]), port_of(fds[1])};
        listen_hand_down(fds, names, 2);
        int tls = listen_inherited("tls"), plain = listen_inherited("plain");
        bool ok = tls == LISTEN_FIRST && plain == LISTEN_FIRST + 1 && port_of(tls) == ports[0] &&
                  port_of(plain) == ports[1] && listen_inherited("other") == -1 &&
                  listen_inherited("") == -1;
        setenv("LISTEN_PID", "1", 1); /* meant for somebody else */
        _exit(ok && listen_inherited("tls") == -1 ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT(status == 0);
    EXPECT(can_connect(port_of(fds[0]))); /* the child's end closed nothing */
    close(fds[0]);
    close(fds[1]);
}
