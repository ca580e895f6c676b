/* SPDX-License-Identifier: Apache-2.0
 * The header "haul": "fleet/3:2:1017:1009" is sequence 1017 of incarnation 2 of the task on partition 3 of the fleet,
 * which has been told that everything up to 1009 is in the log. A fifth number counts how often it was a dead letter.
 */
#include "haul/source.h"
#include "haul/topics.h"

#include <stdio.h>

size_t haul_sender_format(const struct haul_sender *s, char out[HAUL_SENDER_TEXT])
{
    out[0] = '\0';
    if (s->mailbox == HAUL_MAILBOX_NONE) return 0;
    const struct haul_mailbox_row *const row = haul_mailbox_row(s->mailbox);
    assert(row != NULL && s->partition < HAUL_PARTITIONS_MAX);
    const int n =
        snprintf(out, HAUL_SENDER_TEXT, "%s/%u:%llu:%llu:%llu", row->name, (unsigned)s->partition,
                 (unsigned long long)s->incarnation, (unsigned long long)s->sequence, (unsigned long long)s->acked);
    assert(n > 0 && n < HAUL_SENDER_TEXT);
    if (s->attempt == 0) return (size_t)n;
    const int more = snprintf(out + n, (size_t)(HAUL_SENDER_TEXT - n), ":%u", (unsigned)s->attempt);
    assert(more > 0 && n + more < HAUL_SENDER_TEXT);
    return (size_t)(n + more);
}

/* Decimal digits up to `stop` (or the end when it is NUL), in the one form that haul_sender_format writes. */
static bool take_number(struct haul_str *text, char stop, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    size_t i = 0;
    for (; i < text->n && text->p[i] >= '0' && text->p[i] <= '9'; i++)
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(text->p[i] - '0'), &v))
            return false;
    if (i == 0 || v > max || (i > 1 && text->p[0] == '0')) return false;
    if (stop == '\0' ? i != text->n : (i == text->n || text->p[i] != stop)) return false;
    const size_t used = i + (stop != '\0');
    *text = (struct haul_str){text->p + used, text->n - used};
    *out = v;
    return true;
}

bool haul_sender_parse(struct haul_str text, struct haul_sender *out)
{
    const char *const slash = text.n == 0 ? NULL : memchr(text.p, '/', text.n);
    if (slash == NULL) return false;
    const struct haul_str name = {text.p, (size_t)(slash - text.p)};
    struct haul_str rest = {slash + 1, text.n - name.n - 1};
    uint64_t partition, incarnation, sequence, acked, attempt = 0;
    const enum haul_mailbox mailbox = haul_mailbox_find(name);
    if (mailbox == HAUL_MAILBOX_NONE) return false;
    if (!take_number(&rest, ':', HAUL_PARTITIONS_MAX - 1, &partition)) return false;
    if (!take_number(&rest, ':', UINT64_MAX, &incarnation) || incarnation == 0) return false;
    if (!take_number(&rest, ':', UINT64_MAX, &sequence)) return false;
    const bool more = rest.n > 0 && memchr(rest.p, ':', rest.n) != NULL;
    if (!take_number(&rest, more ? ':' : '\0', UINT64_MAX, &acked)) return false;
    if (more && (!take_number(&rest, '\0', UINT32_MAX, &attempt) || attempt == 0)) return false;
    *out =
        (struct haul_sender){(uint16_t)mailbox, (uint16_t)partition, incarnation, sequence, acked, (uint32_t)attempt};
    return true;
}
