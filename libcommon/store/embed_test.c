/* embed_test.c - embed.sh: files become a C table, byte by byte. */
#include <dirent.h>
#include <limits.h>
#include "store_test.h"

/* Next to this source, which is compiled and run from the root of the tree. */
static const char *script(void)
{
    static char found[PATH_MAX];
    char path[PATH_MAX];
    const char *slash = strrchr(__FILE__, '/');
    snprintf(path, sizeof path, "%.*sembed.sh", slash ? (int) (slash - __FILE__ + 1) : 0, __FILE__);
    CHECK(realpath(path, found));
    return found;
}

typedef struct {
    char path[64];
} schema_t;

static schema_t schema_new(void)
{
    schema_t schema = {"/tmp/yiwang-embed-XXXXXX"};
    CHECK(mkdtemp(schema.path));
    return schema;
}

static void schema_file(const schema_t *schema, const char *name, const char *content)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", schema->path, name);
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(content, file) >= 0 && fclose(file) == 0);
}

static void schema_remove(const schema_t *schema)
{
    DIR *folder = opendir(schema->path);
    char path[400];
    for (struct dirent *entry; (entry = readdir(folder));) {
        snprintf(path, sizeof path, "%s/%s", schema->path, entry->d_name);
        unlink(path);
    }
    closedir(folder);
    rmdir(schema->path);
}

/* Exit status of a shell command in the schema's folder. */
static int shell(const schema_t *schema, const char *command)
{
    char line[PATH_MAX + 500];
    snprintf(line, sizeof line, "cd '%s' && { %s ; } 2>/dev/null", schema->path, command);
    int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Exit status of embed.sh; its output is in out.c. */
static int embed(const schema_t *schema, const char *arguments)
{
    char line[PATH_MAX + 100];
    snprintf(line, sizeof line, "sh '%s' %s > out.c", script(), arguments);
    return shell(schema, line);
}

/* Compiled and printed, the table gives the files back. */
TEST(embedded_text_is_the_files_text)
{
    schema_t schema = schema_new();
    schema_file(&schema, "0002_b.sql",
                "-- \"quoted\" \\back\\slash \?\?( \?\?/ %s\n\tTAB 中文\n\n");
    schema_file(&schema, "0001_a.sql", "CREATE TABLE a (x TEXT) STRICT;\n");
    schema_file(&schema, "notes.txt", "not a migration\n");
    schema_file(&schema, "store.h",
                "#include <stddef.h>\n"
                "typedef struct { const char *name; const char *sql; } migration_t;\n");
    schema_file(&schema, "main.c",
                "#include <stdio.h>\n#include \"out.c\"\n"
                "int main(void) { for (size_t i = 0; i < case_migration_count; i++)"
                " fputs(case_migrations[i].sql, stdout); }\n");
    EXPECT(embed(&schema, "case .") == 0);
    EXPECT(shell(&schema, "cc -std=c11 -I. main.c -o main && ./main > printed") == 0);
    EXPECT(shell(&schema, "cat 0001_a.sql 0002_b.sql | cmp - printed") == 0);
    EXPECT(shell(&schema, "grep -q 'migration_count = 2' out.c") == 0);
    schema_remove(&schema);
}

TEST(embed_refuses_what_has_no_order)
{
    schema_t schema = schema_new();
    EXPECT(embed(&schema, "case .") == 0);
    EXPECT(shell(&schema, "grep -q 'migration_count = 0' out.c") == 0);
    schema_file(&schema, "0001_a.sql", "");
    EXPECT(embed(&schema, "case .") == 0);
    EXPECT(embed(&schema, "'no name' .") == 2);
    EXPECT(embed(&schema, "case ./nowhere") == 1);
    schema_file(&schema, "0001_b.sql", "");
    EXPECT(embed(&schema, "case .") == 1); /* two of one number */
    EXPECT(shell(&schema, "rm 0001_b.sql; touch 1_c.sql") == 0);
    EXPECT(embed(&schema, "case .") == 1);
    EXPECT(shell(&schema, "rm 1_c.sql; touch '0003_a b.sql'") == 0);
    EXPECT(embed(&schema, "case .") == 1);
    EXPECT(shell(&schema, "rm '0003_a b.sql'; touch 0000_mine.sql") == 0);
    EXPECT(embed(&schema, "case .") == 1);
    schema_remove(&schema);
}
