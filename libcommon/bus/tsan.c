/* tsan.c - what ThreadSanitizer shall not look at.
 *
 * It does not see the atomic operations inside libzmq, so each byte that crosses its queues looks like
 * a race.  What libzmq itself calls is left out; our own code stays watched, and hands messages between
 * threads by base/queue.h, never through libzmq.  With SAN=thread every program is linked with this. */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
    /* libstdc++: its strings; libsodium: its CURVE. */
    return "called_from_lib:libzmq.so\ncalled_from_lib:libstdc++.so\ncalled_from_lib:libsodium.so\n";
}
