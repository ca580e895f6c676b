/* SPDX-License-Identifier: Apache-2.0
 * The table of keys: names, the page, the smallest ACL of each role.
 */
#include "sinks/redis/keys.h"

#include "haul/topics.h"

enum key_type { KEY_STRING, KEY_HASH, KEY_ZSET, KEY_STREAM };
#define HAUL_MAILBOX_ANY HAUL_MAILBOX_NONE

static const struct row {
    const char *shape;
    enum key_type type;
    enum haul_mailbox owner; /* NONE: a task of any processor */
    const char *en, *zh;
} rows[] = {
#define REDIS_KEY(shape, type, owner, en, zh) {shape, KEY_##type, HAUL_MAILBOX_##owner, en, zh},
#include "sinks/redis/keys.def"
#undef REDIS_KEY
};
#define ROWS (sizeof rows / sizeof rows[0])

static const char *const type_words[] = {
    [KEY_STRING] = "string", [KEY_HASH] = "hash", [KEY_ZSET] = "zset", [KEY_STREAM] = "stream"};

static void write_task(struct haul_buf *out, struct haul_task_name task)
{
    const struct haul_mailbox_row *row = haul_mailbox_row(task.mailbox);
    assert(row != NULL);
    haul_buf_str(out, haul_str_of(row->name));
    haul_buf_byte(out, ':');
    haul_buf_u64(out, task.partition);
}

/* The shape with <task> filled in; false when another part is open. */
static bool fill(struct haul_buf *out, const char *shape, struct haul_task_name task)
{
    const char *hole = strchr(shape, '<');
    if (hole == NULL) {
        haul_buf_str(out, haul_str_of(shape));
        return true;
    }
    if (strcmp(hole, "<task>") != 0) return false;
    haul_buf_put(out, shape, (size_t)(hole - shape));
    write_task(out, task);
    return true;
}

static void write_prefix(struct haul_buf *out, const char *instance)
{
    haul_buf_str(out, haul_str_of(instance));
    haul_buf_str(out, HAUL_STR("haul:"));
}

const char *keys_typed(struct haul_task_name task, size_t index, const char *instance, struct haul_buf *out)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        if (r->type != KEY_ZSET && r->type != KEY_STREAM) continue;
        if (r->owner != HAUL_MAILBOX_NONE && r->owner != task.mailbox) continue;
        haul_buf_init(out, 0, 1024);
        if (instance != NULL) write_prefix(out, instance);
        if (fill(out, r->shape, task) && index-- == 0) return type_words[r->type];
        haul_buf_free(out);
    }
    return NULL;
}

/* A shape as a pattern: <task> filled in, any other part open. Instances hold no character that SCAN would read. */
static void write_pattern(struct haul_buf *out, const char *shape, struct haul_task_name task)
{
    while (*shape != '\0') {
        const char *close = *shape == '<' ? strchr(shape, '>') : NULL;
        if (close == NULL) {
            haul_buf_byte(out, (uint8_t)*shape++);
            continue;
        }
        if (strncmp(shape, "<task>", 6) == 0)
            write_task(out, task);
        else
            haul_buf_byte(out, '*');
        shape = close + 1;
    }
}

bool haul_redis_pattern(struct haul_buf *out, const char *instance, struct haul_task_name task, size_t index, bool all)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        const bool its_own = r->owner == HAUL_MAILBOX_NONE && strstr(r->shape, "<task>") != NULL;
        if (!(all ? r->owner == task.mailbox : its_own) || strncmp(r->shape, "control:", 8) == 0) continue;
        if (index-- > 0) continue;
        write_prefix(out, instance);
        write_pattern(out, r->shape, task);
        return true;
    }
    return false;
}

void keys_block_prefix(struct haul_buf *out, const char *instance, struct haul_task_name task)
{
    write_prefix(out, instance);
    haul_buf_str(out, HAUL_STR("checkpoint:"));
    write_task(out, task);
    haul_buf_byte(out, ':');
}

void haul_redis_control_key(struct haul_buf *out, const char *instance, struct haul_task_name task)
{
    write_prefix(out, instance);
    haul_buf_str(out, HAUL_STR("control:"));
    write_task(out, task);
}

void haul_redis_key(struct haul_buf *out, const char *instance, struct haul_str noun, struct haul_str id)
{
    write_prefix(out, instance);
    haul_buf_str(out, noun);
    haul_buf_byte(out, ':');
    haul_buf_str(out, id);
}

/* ---- the page ---- */

static const char *owner_name(const struct row *r)
{
    return r->owner == HAUL_MAILBOX_NONE ? "each task" : haul_mailbox_row(r->owner)->name;
}

void haul_redis_keys_text(const char *instance, struct haul_buf *out)
{
    for (size_t i = 0; i < ROWS; i++)
        haul_buf_printf(out, "%shaul:%s\n    %s, written by %s. %s\n    %s\n", instance, rows[i].shape,
                        type_words[rows[i].type], owner_name(&rows[i]), rows[i].en, rows[i].zh);
}

static void acl_markdown(struct haul_buf *out, const char *title, enum haul_redis_role role)
{
    haul_buf_printf(out, "\n%s:\n\n```\nACL SETUSER <name> on '><password>' ", title);
    haul_redis_acl(role, "", out);
    haul_buf_str(out, HAUL_STR("\n```\n"));
}

void haul_redis_keys_markdown(struct haul_buf *out)
{
    haul_buf_str(out, HAUL_STR("<!-- Made by `haul keys --markdown` from sinks/redis/keys.def. -->\n# Keys in Redis\n\n"
                               "Plain types, no modules, no scripts. Every key has one task that writes it. Documents "
                               "are JSON, written whole; "
                               "no key has a time to live.\nThe option `instance` stands in front of `haul:`.\n\n"
                               "| key | type | written by | what it is | 含义 |\n|---|---|---|---|---|\n"));
    for (size_t i = 0; i < ROWS; i++)
        haul_buf_printf(out, "| `haul:%s` | %s | %s | %s | %s |\n", rows[i].shape, type_words[rows[i].type],
                        owner_name(&rows[i]), rows[i].en, rows[i].zh);
    haul_buf_str(out, HAUL_STR("\n## The smallest ACL for each role\n"));
    acl_markdown(out, "haul itself", HAUL_REDIS_ROLE_HAUL);
    acl_markdown(out, "A reader of the picture: not the control keys, not the checkpoints", HAUL_REDIS_ROLE_READER);
    acl_markdown(out, "An operator: reads everything, lists keys, looks at the server; writes nothing",
                 HAUL_REDIS_ROLE_OPERATOR);
}

/* ---- access ---- */

bool haul_redis_role_find(struct haul_str name, enum haul_redis_role *out)
{
    static const char *const names[] = {"haul", "reader", "operator"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!haul_str_eq(name, haul_str_of(names[i]))) continue;
        *out = (enum haul_redis_role)i;
        return true;
    }
    return false;
}

/* What the reader's patterns are: the shapes up to their first hole, without what is haul's own. */
static void reader_patterns(struct haul_buf *out, const char *instance)
{
    for (size_t i = 0; i < ROWS; i++) {
        const char *shape = rows[i].shape, *hole = strchr(shape, '<');
        if (strncmp(shape, "control:", 8) == 0 || strncmp(shape, "checkpoint:", 11) == 0) continue;
        const size_t n = hole == NULL ? strlen(shape) : (size_t)(hole - shape);
        haul_buf_printf(out, " %%R~%shaul:%.*s%s", instance, (int)n, shape, hole == NULL ? "" : "*");
    }
}

void haul_redis_acl(enum haul_redis_role role, const char *instance, struct haul_buf *out)
{
    switch (role) {
    case HAUL_REDIS_ROLE_HAUL:
        haul_buf_printf(out,
                        "resetkeys ~%shaul:* -@all +select +info +watch +unwatch +multi +exec +hgetall +hmget +hset "
                        "+get +set +mset +del +type +zadd +zrem +xadd",
                        instance);
        break;
    case HAUL_REDIS_ROLE_READER:
        haul_buf_str(out, HAUL_STR("resetkeys"));
        reader_patterns(out, instance);
        haul_buf_str(out, HAUL_STR(" -@all +select +ping +get +mget +exists +type +strlen +zrange +zcard +zscore "
                                   "+xrange +xrevrange +xread +xlen +geosearch +geopos"));
        break;
    case HAUL_REDIS_ROLE_OPERATOR:
        haul_buf_printf(out,
                        "resetkeys %%R~%shaul:* -@all +@read -@dangerous +select +ping +info +client|list +slowlog|get",
                        instance);
        break;
    }
}
