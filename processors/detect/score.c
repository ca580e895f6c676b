/* SPDX-License-Identifier: Apache-2.0
 * Making scores, and telling them in a sentence.
 */
#include "haul/detect.h"
#include "haul/math.h"

#include <string.h>

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

static void figure(struct haul_buf *out, const char *word, double x)
{
    haul_buf_str(out, haul_str_of(word)), number(out, x);
}

/* The figures behind the sentence, each only if the method has it and the sentence does not. */
static void figures(struct haul_buf *out, const struct haul_score *s, const char *text, enum haul_language language)
{
    static const char *const words[2][6] = {
        {"; spread ", "; chance ", "; statistic ", "; threshold ", "; held ", " of "},
        {"；离散度 ", "；概率 ", "；统计量 ", "；门限 ", "；持续 ", "/"},
    };
    const char *const *w = words[language];
    if (s->spread > 0) figure(out, w[0], s->spread);
    if (s->tail_p >= 0) figure(out, w[1], s->tail_p);
    /* guards name their limit in the sentence */
    const bool judged = s->threshold > 0 && s->method > HAUL_METHOD_CLOCK;
    if (judged && strstr(text, "%x") == NULL) figure(out, w[2], s->statistic);
    if (judged) figure(out, w[3], s->threshold);
    if (s->held_of == 0) return;
    haul_buf_str(out, haul_str_of(w[4])), haul_buf_u64(out, s->held);
    haul_buf_str(out, haul_str_of(w[5])), haul_buf_u64(out, s->held_of);
}

static const char *sentence_of(const struct haul_score *s, enum haul_language language)
{
    static const char *const expected[2] = {"%v, expected %e", "%v，预期 %e"};
    if (s->verdict != HAUL_VERDICT_NORMAL) return methods[s->method].sentence[language];
    return s->method > HAUL_METHOD_CLOCK ? expected[language] : methods[HAUL_METHOD_NONE].sentence[language];
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
        const char *const text = sentence_of(s, language);
        sentence(out, text, s, language);
        figures(out, s, text, language);
    }
    haul_buf_str(out, haul_str_of(end[language]));
}
