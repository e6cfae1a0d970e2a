#include "log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "text.h"
#include "test.h"

static char output[20000];

static int saved_stderr, pipe_end;

static void catch_stderr(void)
{
    int ends[2];
    EXPECT(pipe(ends) == 0);
    saved_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    pipe_end = ends[0];
}

static void read_output(void)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    size_t size = 0;
    for (ssize_t n; (n = read(pipe_end, output + size, sizeof output - 1 - size)) > 0;)
        size += (size_t) n;
    output[size] = 0;
    close(pipe_end);
}

TEST(one_json_line_per_event)
{
    log_open("case", LOG_INFO);
    log_trace("4bf92f3577b34da6");
    catch_stderr();
    log_debug("not seen");
    log_info("say \"hi\" \\ \n\t\x01 %s \xff end", "中文");
    log_trace(NULL);
    log_error("plain");
    read_output();
    EXPECT(text_starts(output, "{\"ts\":\"20"));
    EXPECT(strstr(output, "Z\",\"level\":\"info\",\"service\":\"case\",\"msg\":"
                          "\"say \\\"hi\\\" \\\\ \\n\\u0009\\u0001 中文 \xef\xbf\xbd end\","
                          "\"trace\":\"4bf92f3577b34da6\"}\n{\"ts\""));
    EXPECT(text_ends(output, "\"level\":\"error\",\"service\":\"case\",\"msg\":\"plain\"}\n"));
    EXPECT(!strstr(output, "not seen"));
}

TEST(a_long_message_is_cut_and_the_line_stays_whole)
{
    static char message[10000];
    log_open("case", LOG_INFO);
    log_trace("t");
    for (int kind = 0; kind < 3; kind++) {
        memset(message, kind == 0 ? 'x' : kind == 1 ? '\x01' : '"', sizeof message - 1);
        catch_stderr();
        log_warn("%s", message);
        read_output();
        EXPECT(strlen(output) <= 4096 && strlen(output) > 2000);
        EXPECT(text_ends(output, "\",\"trace\":\"t\"}\n"));
    }
    log_trace(NULL);
}
