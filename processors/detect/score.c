/* SPDX-License-Identifier: Apache-2.0
 * Making scores, and telling them in a sentence.
 */
#include "haul/detect.h"
#include "haul/math.h"

#include <stdio.h>

static const struct {
    const char *name, *sentence[2];
} methods[] = {
#define HAUL_METHOD(symbol, name, english, chinese) {name, {english, chinese}},
#include "haul/detect_methods.def"
#undef HAUL_METHOD
};

const char *haul_method_name(enum haul_method method)
{
    assert((size_t)method < sizeof methods / sizeof methods[0]);
    return methods[method].name;
}

const char *haul_verdict_name(enum haul_score_verdict verdict)
{
    switch (verdict) {
    case HAUL_VERDICT_LEARNING:
        return "learning";
    case HAUL_VERDICT_NORMAL:
        return "normal";
    case HAUL_VERDICT_ANOMALY:
        return "anomaly";
    case HAUL_VERDICT_INVALID:
        return "invalid";
    }
    return "unknown";
}

struct haul_score haul_score_make(enum haul_method method, double value, double statistic, double threshold, bool ready)
{
    assert(threshold > 0);
    const double at_least_0 = statistic > 0 ? statistic : 0;
    struct haul_score s = {
        .value = value,
        .statistic = statistic,
        .threshold = threshold,
        .score = haul_finite(at_least_0) ? at_least_0 / (at_least_0 + threshold) : 1,
        .tail_p = -1,
        .since = HAUL_TIME_NONE,
        .method = method,
        .verdict = !ready                   ? HAUL_VERDICT_LEARNING
                   : statistic >= threshold ? HAUL_VERDICT_ANOMALY
                                            : HAUL_VERDICT_NORMAL,
    };
    return s;
}

struct haul_score haul_score_invalid(enum haul_method method, double value)
{
    return (struct haul_score){
        .value = value, .tail_p = -1, .since = HAUL_TIME_NONE, .method = method, .verdict = HAUL_VERDICT_INVALID};
}

static void number(struct haul_buf *out, double x)
{
    haul_buf_printf(out, "%.4g", x);
}

static void side(struct haul_buf *out, const struct haul_score *s, enum haul_language language)
{
    static const char *const words[2][3] = {{"low", "unusual", "high"}, {"偏低", "异常", "偏高"}};
    haul_buf_str(out, haul_str_of(words[language][1 + s->direction]));
}

static void put(struct haul_buf *out, char what, const struct haul_score *s, enum haul_language language)
{
    switch (what) {
    case 'v':
        number(out, s->value);
        break;
    case 'e':
        number(out, s->expected);
        break;
    case 's':
        number(out, s->spread);
        break;
    case 'x':
        number(out, s->statistic);
        break;
    case 't':
        number(out, s->threshold);
        break;
    case 'n':
        haul_buf_i64(out, s->learned);
        break;
    case 'd':
        side(out, s, language);
        break;
    default:
        assert(false); /* a placeholder that detect_methods.def may not use */
    }
}

static void sentence(struct haul_buf *out, const char *text, const struct haul_score *s, enum haul_language language)
{
    for (; *text != '\0'; text++) {
        if (*text == '%')
            put(out, *++text, s, language);
        else
            haul_buf_byte(out, (uint8_t)*text);
    }
}

/* The figures behind the sentence, each only if the method has it. */
static void figures(struct haul_buf *out, const struct haul_score *s, enum haul_language language)
{
    static const char *const words[2][5] = {
        {"; spread ", "; chance ", "; threshold ", "; held ", " of "},
        {"；离散度 ", "；概率 ", "；门限 ", "；持续 ", "/"},
    };
    const char *const *w = words[language];
    if (s->spread > 0) haul_buf_str(out, haul_str_of(w[0])), number(out, s->spread);
    if (s->tail_p >= 0) haul_buf_str(out, haul_str_of(w[1])), number(out, s->tail_p);
    /* guards name their limit in the sentence */
    if (s->threshold > 0 && s->method > HAUL_METHOD_CLOCK)
        haul_buf_str(out, haul_str_of(w[2])), number(out, s->threshold);
    if (s->held_of == 0) return;
    haul_buf_str(out, haul_str_of(w[3])), haul_buf_u64(out, s->held);
    haul_buf_str(out, haul_str_of(w[4])), haul_buf_u64(out, s->held_of);
}

void haul_score_explain(const struct haul_score *s, enum haul_language language, struct haul_buf *out)
{
    static const char *const learning[2] = {"still learning: ", "学习中："};
    static const char *const invalid[2] = {"not a number", "不是有效数值"};
    static const char *const end[2] = {".", "。"};
    if (s->verdict == HAUL_VERDICT_INVALID) {
        haul_buf_str(out, haul_str_of(invalid[language]));
    } else {
        if (s->verdict == HAUL_VERDICT_LEARNING) haul_buf_str(out, haul_str_of(learning[language]));
        if (s->verdict == HAUL_VERDICT_NORMAL)
            sentence(out, methods[HAUL_METHOD_NONE].sentence[language], s, language);
        else
            sentence(out, methods[s->method].sentence[language], s, language);
        figures(out, s, language);
    }
    haul_buf_str(out, haul_str_of(end[language]));
}
