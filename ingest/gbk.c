/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/gbk.h"

#include <iconv.h>
#include <pthread.h>
#include <stdlib.h>

struct gbk {
    pthread_mutex_t *lock; /* a conversion has a state */
    iconv_t conversion;
};

enum haul_err gbk_open(struct gbk **out, struct haul_error *e)
{
    iconv_t conversion = iconv_open("UTF-8", "GBK");
    const iconv_t none = (iconv_t)-1; // NOLINT
    if (conversion == none)
        return haul_fail(e, HAUL_E_UNSUPPORTED,
                         "the C library cannot read GBK: its gconv modules are missing (package libc6 has them)");
    struct gbk *g = calloc(1, sizeof *g);
    assert(g != NULL);
    g->lock = calloc(1, sizeof *g->lock);
    assert(g->lock != NULL);
    pthread_mutex_init(g->lock, NULL);
    g->conversion = conversion;
    *out = g;
    return HAUL_OK;
}

void gbk_close(struct gbk *g)
{
    if (g == NULL) return;
    iconv_close(g->conversion);
    pthread_mutex_destroy(g->lock);
    free(g->lock);
    free(g);
}

bool gbk_to_utf8(const struct gbk *g, struct haul_str text, char *to, size_t cap, size_t *n)
{
    union {
        const char *from;
        char *to;
    } in = {.from = text.p};
    size_t in_left = text.n, out_left = cap;
    pthread_mutex_lock(g->lock);
    iconv(g->conversion, NULL, NULL, NULL, NULL);
    const size_t bad = iconv(g->conversion, &in.to, &in_left, &to, &out_left);
    pthread_mutex_unlock(g->lock);
    *n = cap - out_left;
    return bad != (size_t)-1 && in_left == 0;
}
