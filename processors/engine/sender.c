/* SPDX-License-Identifier: Apache-2.0
 * The header "haul" of a message: "<mailbox>/<partition>:<incarnation>:<sequence>", decimal.
 */
#include "haul/source.h"
#include "haul/topics.h"

#include <stdio.h>

size_t haul_sender_format(const struct haul_sender *s, char out[HAUL_SENDER_TEXT])
{
    const struct haul_mailbox_row *row = haul_mailbox_row(s->mailbox);
    assert(row != NULL);
    const int n = snprintf(out, HAUL_SENDER_TEXT, "%s/%u:%llu:%llu", row->name, (unsigned)s->partition,
                           (unsigned long long)s->incarnation, (unsigned long long)s->sequence);
    assert(n > 0 && n < HAUL_SENDER_TEXT);
    return (size_t)n;
}

/* Takes digits off the front, then `end` (0: the text ends there). No sign, no leading zero but zero itself. */
static bool number(struct haul_str *text, char end, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    size_t i = 0;
    for (; i < text->n && text->p[i] >= '0' && text->p[i] <= '9'; i++) {
        const uint64_t digit = (uint64_t)(text->p[i] - '0');
        if (v > (max - digit) / 10) return false;
        v = v * 10 + digit;
    }
    if (i == 0 || (i > 1 && text->p[0] == '0')) return false;
    if (end == '\0' ? i != text->n : i == text->n || text->p[i] != end) return false;
    const size_t taken = i + (end != '\0');
    *text = (struct haul_str){text->p + taken, text->n - taken};
    *out = v;
    return true;
}

bool haul_sender_parse(struct haul_str text, struct haul_sender *out)
{
    const char *slash = text.n == 0 ? NULL : memchr(text.p, '/', text.n);
    if (slash == NULL) return false;
    const size_t n = (size_t)(slash - text.p);
    const enum haul_mailbox mailbox = haul_mailbox_find((struct haul_str){text.p, n});
    struct haul_str rest = {slash + 1, text.n - n - 1};
    uint64_t partition, incarnation, sequence;
    if (mailbox == HAUL_MAILBOX_NONE || !number(&rest, ':', HAUL_PARTITIONS_MAX - 1, &partition) ||
        !number(&rest, ':', UINT64_MAX, &incarnation) || !number(&rest, '\0', UINT64_MAX, &sequence))
        return false;
    *out = (struct haul_sender){(uint16_t)mailbox, (uint16_t)partition, incarnation, sequence};
    return true;
}
