#include "https.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int connect_loopback(int port, int timeout_ms)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if (connect(fd, (struct sockaddr *) &address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int days_left(SSL *ssl)
{
    int days = 0, seconds = 0;
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    if (certificate) {
        ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate));
        X509_free(certificate);
    }
    return days;
}

static int exchange(SSL *ssl, const char *path, char *out, size_t size)
{
    char request[512];
    size_t have = 0;
    int status = 0;

    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    if (SSL_write(ssl, request, length) != length)
        return 0;
    while (have + 1 < size) {
        int n = SSL_read(ssl, out + have, (int) (size - 1 - have));
        if (n <= 0)
            break;
        have += (size_t) n;
    }
    out[have] = 0;
    return sscanf(out, "HTTP/1.%*d %d", &status) == 1 ? status : 0;
}

int https_get(int port, const char *path, int timeout_ms, char *out, size_t size, int *ret_days)
{
    int status = 0;
    int fd = connect_loopback(port, timeout_ms);
    if (fd < 0)
        return 0;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = context ? SSL_new(context) : NULL;
    if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_set_tlsext_host_name(ssl, "localhost") == 1 &&
        SSL_connect(ssl) == 1) {
        if (ret_days)
            *ret_days = days_left(ssl);
        status = exchange(ssl, path, out, size);
        SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
    return status;
}
