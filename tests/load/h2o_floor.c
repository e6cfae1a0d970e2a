/* h2o_floor.c - what the HTTP library alone can do: one loop, one fixed answer of N bytes.
 *
 *   h2o_floor PORT BYTES [CERT KEY]
 *
 * The floor that the gateway is measured against: same library, same limits, HTTP/1.1, TLS
 * 1.2/1.3 when a certificate is given, no route, no message, no bus.  Ends with SIGTERM. */
#include <arpa/inet.h>
#include <h2o.h>
#include <h2o/http1.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX (16l << 20)

static h2o_globalconf_t config;
static h2o_context_t context;
static h2o_accept_ctx_t accept_context;
static h2o_iovec_t body;

static int on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    static h2o_generator_t nothing_follows = {NULL, NULL};
    (void) handler;
    req->res.status = 200;
    req->res.reason = "OK";
    req->res.content_length = body.len;
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                   H2O_STRLIT("application/json; charset=utf-8"));
    h2o_start_response(req, &nothing_follows);
    h2o_send(req, &body, 1, H2O_SEND_STATE_FINAL);
    return 0;
}

static void on_accept(h2o_socket_t *listener, const char *error)
{
    h2o_socket_t *socket;
    while (!error && (socket = h2o_evloop_socket_accept(listener)))
        h2o_accept(&accept_context, socket);
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *) &address, sizeof address) != 0 || listen(fd, 1024) != 0) {
        perror("h2o_floor: listen");
        exit(1);
    }
    return fd;
}

static SSL_CTX *tls_open(const char *cert, const char *key)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    if (SSL_CTX_use_certificate_chain_file(tls, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "h2o_floor: cannot use %s and %s\n", cert, key);
        exit(1);
    }
    return tls;
}

static long number(const char *text, long max)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || value < 1 || value > max) {
        fprintf(stderr, "h2o_floor: '%s' is not between 1 and %ld\n", text, max);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 5) {
        fprintf(stderr, "usage: h2o_floor PORT BYTES [CERT KEY]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    body.len = (size_t) number(argv[2], BYTES_MAX);
    body.base = malloc(body.len);
    memset(body.base, 'x', body.len);

    h2o_config_init(&config);
    config.server_name = h2o_iovec_init("", 0);
    config.http1.upgrade_to_http2 = 0;
    h2o_hostconf_t *host =
        h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_create_handler(&host->fallback_path, sizeof(h2o_handler_t))->on_req = on_request;
    h2o_context_init(&context, h2o_evloop_create(), &config);
    accept_context.ctx = &context;
    accept_context.hosts = config.hosts;
    accept_context.ssl_ctx = argc == 5 ? tls_open(argv[3], argv[4]) : NULL;
    h2o_socket_t *listener = h2o_evloop_socket_create(
        context.loop, listen_on((uint16_t) number(argv[1], 65535)), H2O_SOCKET_FLAG_DONT_READ);
    h2o_socket_read_start(listener, on_accept);
    for (;;)
        h2o_evloop_run(context.loop, INT32_MAX);
}
