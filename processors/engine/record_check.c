/* SPDX-License-Identifier: Apache-2.0
 * The decoder's rules for a record that was put together in memory: by a bridge, from JSON, from a table.
 */
#include "processors/engine/record_tables.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 4, 5))) static bool refuse(struct haul_refusal *why, enum haul_reason reason,
                                                         const char *field, const char *format, ...)
{
    why->reason = reason;
    snprintf(why->field, sizeof why->field, "%s", field);
    const int n = snprintf(why->text, sizeof why->text, "%s: ", field);
    va_list args;
    va_start(args, format);
    vsnprintf(why->text + n, sizeof why->text - (size_t)n, format, args);
    va_end(args);
    return false;
}

static bool check_real(double v, double low, double high, const char *field, struct haul_refusal *why)
{
    if (v >= low && v <= high) return true;
    if (!__builtin_isfinite(v))
        return refuse(why, HAUL_REASON_NOT_FINITE, field, "not a finite number; expected %.15g to %.15g", low, high);
    return refuse(why, HAUL_REASON_OUT_OF_RANGE, field, "%.15g is out of range; expected %.15g to %.15g", v, low, high);
}

static bool check_integer(int64_t v, int64_t low, int64_t high, const char *field, struct haul_refusal *why)
{
    return (v >= low && v <= high) ||
           refuse(why, HAUL_REASON_OUT_OF_RANGE, field, "%lld is out of range; expected %lld to %lld", (long long)v,
                  (long long)low, (long long)high);
}

static bool check_length(size_t n, int64_t low, int64_t high, const char *field, struct haul_refusal *why)
{
    return ((int64_t)n >= low && (int64_t)n <= high) ||
           refuse(why, HAUL_REASON_OUT_OF_RANGE, field, "%zu bytes long; expected %lld to %lld bytes", n,
                  (long long)low, (long long)high);
}

static bool check_text(struct haul_str s, int64_t low, int64_t high, const char *field, struct haul_refusal *why)
{
    return check_length(s.n, low, high, field, why) &&
           (haul_utf8_valid(s) || refuse(why, HAUL_REASON_UTF8, field, "not valid UTF-8"));
}

static bool check_value(const struct slot *s, const union haul_value *v, struct haul_refusal *why)
{
    switch ((enum haul_type)s->type) {
    case HAUL_BOOL:
        return check_integer(v->i, 0, 1, s->name, why);
    case HAUL_INT:
        return check_integer(v->i, s->low.i, s->high.i, s->name, why);
    case HAUL_REAL:
        return check_real(v->f, s->low.f, s->high.f, s->name, why);
    case HAUL_TEXT:
        return check_text(v->s, s->low.i, s->high.i, s->name, why);
    case HAUL_BYTES:
        return check_length(v->s.n, s->low.i, s->high.i, s->name, why);
    case HAUL_REALS:
        if (v->reals.n > HAUL_REALS_MAX)
            return refuse(why, HAUL_REASON_TOO_MANY, s->name, "%zu numbers; expected at most %d", v->reals.n,
                          HAUL_REALS_MAX);
        for (size_t i = 0; i < v->reals.n; i++)
            if (!check_real(v->reals.p[i], s->low.f, s->high.f, s->name, why)) return false;
        return true;
    }
    assert(false);
    return false;
}

static bool check_envelope(const struct haul_record *r, const struct plan *plan, struct haul_refusal *why)
{
    if (r->version < 1) return refuse(why, HAUL_REASON_VERSION, "v", "0; versions begin at 1");
    if (r->id.n == 0) return refuse(why, HAUL_REASON_MISSING, "id", "missing; a %s has it", plan->row->name);
    if (!check_text(r->id, 1, HAUL_ID_MAX, "id", why)) return false;
    if (!haul_id_valid(r->id)) return refuse(why, HAUL_REASON_OUT_OF_RANGE, "id", "has a control character");
    if (r->time.ms == HAUL_TIME_NONE.ms)
        return refuse(why, HAUL_REASON_MISSING, "time", "missing; a %s has it", plan->row->name);
    if (r->time.ms < TIME_LOW_MS || r->time.ms > TIME_HIGH_MS)
        return refuse(why, HAUL_REASON_OUT_OF_RANGE, "time", "outside the years 0000 to 9999");
    if (!check_text(r->source, 0, SOURCE_MAX, "source", why)) return false;
    if (r->crs > CRS_HIGH)
        return refuse(why, HAUL_REASON_CRS, "crs", "%u is not a coordinate system; expected 0 to %d", (unsigned)r->crs,
                      CRS_HIGH);
    if (!r->positioned)
        return !plan->row->positioned ||
               refuse(why, HAUL_REASON_MISSING, "lon", "missing; a %s has it", plan->row->name);
    return check_real(r->lon_deg, -180, 180, "lon", why) && check_real(r->lat_deg, -90, 90, "lat", why);
}

bool haul_record_check(const struct haul_record *r, struct haul_refusal *why)
{
    const struct plan *const plan = haul_plan(r->kind);
    if (plan == NULL)
        return refuse(why, HAUL_REASON_KIND, "kind", "%u is not a kind that haul knows", (unsigned)r->kind);
    assert((r->present & ~plan->known) == 0);
    if (!check_envelope(r, plan, why)) return false;
    const uint64_t missing = plan->required & ~r->present;
    if (missing != 0)
        return refuse(why, HAUL_REASON_MISSING, plan->slots[__builtin_ctzll(missing)].name, "missing; a %s has it",
                      plan->row->name);
    for (uint64_t left = r->present; left != 0; left &= left - 1) {
        const int f = __builtin_ctzll(left);
        if (!check_value(plan->slots + f, r->v + f, why)) return false;
    }
    return true;
}
