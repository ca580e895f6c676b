/* SPDX-License-Identifier: Apache-2.0
 * The desk: the life of an alert, the open set, incidents, escalation, shelves, floods.
 */
#include "processors/desk/desk.h"
#include "tests/unit/domains/support_domains.h"

#include <stdio.h>

struct raise {
    const char *rule, *entity, *cause;
    int64_t severity;
    double score;
};
static const struct raise plain = {"fleet.speeding", "vehicle:A1", NULL, 3, 0.5};

static enum haul_verdict say(struct haul_trial *t, int64_t ms, const char *id, const char *action,
                             const struct raise *a)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_ALERT, haul_str_of(id), (struct haul_time){ms});
    r.positioned = true, r.lon_deg = 115.85, r.lat_deg = 28.68;
    haul_set_s(&r, HAUL_F_ALERT_ACTION, haul_str_of(action));
    haul_set_s(&r, HAUL_F_ALERT_RULE, haul_str_of(a->rule));
    haul_set_s(&r, HAUL_F_ALERT_ENTITY, haul_str_of(a->entity));
    haul_set_i(&r, HAUL_F_ALERT_SINCE, ms - 10 * SECOND);
    haul_set_i(&r, HAUL_F_ALERT_SEVERITY, a->severity);
    haul_set_f(&r, HAUL_F_ALERT_SCORE, a->score);
    haul_set_f(&r, HAUL_F_ALERT_VALUE, 115);
    haul_set_f(&r, HAUL_F_ALERT_THRESHOLD, 110);
    haul_set_s(&r, HAUL_F_ALERT_UNIT, HAUL_STR("km/h"));
    haul_set_s(&r, HAUL_F_ALERT_OPTION, HAUL_STR("fleet.speeding.raise_over"));
    haul_set_i(&r, HAUL_F_ALERT_OPTIONS_VERSION, 7);
    haul_set_s(&r, HAUL_F_ALERT_WHY_EN, HAUL_STR("A1 drives at 115 km/h"));
    haul_set_s(&r, HAUL_F_ALERT_WHY_ZH, HAUL_STR("A1 以 115 km/h 行驶"));
    haul_set_s(&r, HAUL_F_ALERT_DO_EN, HAUL_STR("Call the driver."));
    haul_set_s(&r, HAUL_F_ALERT_DO_ZH, HAUL_STR("联系驾驶员。"));
    haul_set_s(&r, HAUL_F_ALERT_LOG, HAUL_STR("fleet/3@100.0#55"));
    haul_set_s(&r, HAUL_F_ALERT_TOUCHES, HAUL_STR("vehicle:A1,shipment:S9"));
    if (a->cause != NULL) haul_set_s(&r, HAUL_F_ALERT_CAUSE, haul_str_of(a->cause));
    if (strcmp(action, "open") == 0) haul_set_s(&r, HAUL_F_ALERT_STATE, HAUL_STR("\x01\x02\x03"));
    return haul_trial_feed(t, &r, (struct haul_time){ms});
}

static enum haul_verdict act(struct haul_trial *t, int64_t ms, const char *id, const char *what)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_ACTION, haul_str_of(id), (struct haul_time){ms});
    haul_set_s(&r, HAUL_F_ACTION_WHAT, haul_str_of(what));
    haul_set_s(&r, HAUL_F_ACTION_WHO, HAUL_STR("wang"));
    if (strcmp(what, "assign") == 0) haul_set_s(&r, HAUL_F_ACTION_TO, HAUL_STR("li"));
    if (strcmp(what, "note") == 0) haul_set_s(&r, HAUL_F_ACTION_NOTE, HAUL_STR("司机已联系"));
    if (strcmp(what, "shelve") == 0) haul_set_i(&r, HAUL_F_ACTION_FOR, 30 * MINUTE);
    return haul_trial_feed(t, &r, (struct haul_time){ms});
}

/* The desk's time goes by its upstreams' clocks. */
static void clock_to(struct haul_trial *t, int64_t ms)
{
    haul_trial_tick(t, (struct haul_time){ms});
}

static size_t streamed(const struct haul_trial *t, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < haul_trial_stream_len(t, "alerts"); i++)
        n += strstr(haul_trial_stream(t, "alerts", i), text) != NULL;
    return n;
}

/* ---- the table of life.c -------------------------------------------------------------------------------------------
 */
static void events_move_an_alert_as_the_table_says(void **state)
{
    (void)state;
    enum { NO = DESK_STATES, OP = DESK_OPEN, AC = DESK_ACKED, SH = DESK_SHELVED, CL = DESK_CLOSED };
    static const int want[DESK_STATES][DESK_EVENTS] = {
        [DESK_NONE] = {OP, OP, NO, NO, NO, NO, NO, NO, NO, OP},
        [DESK_OPEN] = {NO, OP, CL, AC, SH, NO, OP, OP, OP, OP},
        [DESK_ACKED] = {NO, AC, CL, NO, SH, NO, AC, AC, NO, OP},
        [DESK_SHELVED] = {NO, SH, CL, NO, SH, OP, SH, SH, NO, SH},
        [DESK_CLOSED] = {NO, NO, NO, NO, NO, NO, CL, CL, NO, NO},
    };
    for (unsigned s = 0; s < DESK_STATES; s++)
        for (unsigned e = 0; e < DESK_EVENTS; e++)
            if ((int)desk_move((enum desk_state)s, (enum desk_event)e) != want[s][e])
                fail_msg("state %u, event %u", s, e);
}

/* Every word of up to four events from nothing: one opening and one closing at most, and the open set is right. */
static void whatever_comes_it_opens_once_and_closes_once(void **state)
{
    (void)state;
    static const char *const alert[] = {"open", "change", "clear"};
    static const char *const action[] = {"ack", "shelve", "unshelve", "note"};
    for (int word = 0; word < 7 * 7 * 7 * 7; word++) {
        struct haul_trial *t = trial_of(&haul_desk, "");
        int rest = word;
        for (int i = 0; i < 4; i++, rest /= 7) {
            const int letter = rest % 7;
            const int64_t ms = MORNING + i * SECOND;
            if (letter < 3)
                say(t, ms, "a", alert[letter], &plain);
            else
                act(t, ms, "a", action[letter - 3]);
        }
        const size_t opened = streamed(t, "\"what\":\"opened\""), closed = streamed(t, "\"what\":\"closed\"");
        assert_true(opened <= 1 && closed <= opened);
        const char *document = haul_trial_document(t, "alert:a");
        assert_int_equal(document != NULL, opened == 1);
        const bool visible = document != NULL && (strstr(document, "\"state\":\"open\"") != NULL ||
                                                  strstr(document, "\"state\":\"acked\"") != NULL);
        assert_string_equal(haul_trial_zset(t, "alerts:open"), visible ? "a" : "");
        haul_trial_close(t);
    }
}

/* ---- documents -----------------------------------------------------------------------------------------------------
 */
static void an_alert_says_everything(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    assert_int_equal(say(t, MORNING, "a1", "open", &plain), HAUL_DONE);
    static const char *const parts[] = {
        "\"id\":\"a1\"",
        "\"state\":\"open\"",
        "\"rule\":\"fleet.speeding\"",
        "\"entity\":\"vehicle:A1\"",
        "\"severity\":3",
        "\"severity_name\":\"yellow\"",
        "\"score\":0.5",
        "\"since\":\"2026-06-01T01:59:50.000Z\"",
        "\"opened\":\"2026-06-01T02:00:00.000Z\"",
        "\"value\":115",
        "\"threshold\":110",
        "\"unit\":\"km/h\"",
        "\"option\":\"fleet.speeding.raise_over\"",
        "\"options_version\":7",
        "\"why_en\":\"A1 drives at 115 km/h\"",
        "\"why_zh\":\"A1 以 115 km/h 行驶\"",
        "\"do_en\":\"Call the driver.\"",
        "\"do_zh\":\"联系驾驶员。\"",
        "\"log\":\"fleet/3@100.0#55\"",
        "\"touches\":[\"vehicle:A1\",\"shipment:S9\"]",
        "\"lon_deg\":115.85",
        "\"history\":[{\"time\":\"2026-06-01T02:00:00.000Z\",\"what\":\"opened\"}]",
        "\"escalated\":false",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!shows(t, "alert:a1", parts[i])) fail_msg("%s is not in %s", parts[i], haul_trial_document(t, "alert:a1"));
    assert_true(shows(t, "evidence:a1", "\"kind\":\"alert\""));
    assert_true(shows(t, "evidence:a1", "\"state\":\"AQID\""));
    assert_true(shows(t, "desk:now", "\"open\":1"));
    assert_true(shows(t, "desk:now", "\"yellow\":1"));
    assert_true(shows(t, "desk:now", "{\"rule\":\"fleet.speeding\",\"open\":1}"));
    haul_trial_close(t);
}

static void a_change_keeps_what_it_does_not_say_and_a_clear_keeps_the_reason(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    say(t, MORNING, "a1", "open", &plain);
    struct raise worse = plain;
    worse.severity = 2, worse.score = 0.9, worse.rule = "fleet.other";
    say(t, MORNING + MINUTE, "a1", "change", &worse);
    assert_true(shows(t, "alert:a1", "\"severity\":2"));
    assert_true(shows(t, "alert:a1", "\"rule\":\"fleet.speeding\""));
    assert_true(shows(t, "alert:a1", "\"since\":\"2026-06-01T01:59:50.000Z\""));
    assert_true(shows(t, "alert:a1", "\"changes\":1"));
    say(t, MORNING + 2 * MINUTE, "a1", "clear", &worse);
    assert_true(shows(t, "alert:a1", "\"state\":\"closed\""));
    assert_true(shows(t, "alert:a1", "\"closed\":\"2026-06-01T02:02:00.000Z\""));
    assert_true(shows(t, "alert:a1", "A1 drives at 115 km/h"));
    assert_true(shows(t, "desk:now", "\"closed\":1"));
    haul_trial_close(t);
}

static void texts_are_cut_at_a_character(void **state)
{
    (void)state;
    assert_int_equal(desk_cut(HAUL_STR("abc"), 5), 3);
    assert_int_equal(desk_cut(HAUL_STR("abcdef"), 5), 5);
    assert_int_equal(desk_cut(HAUL_STR("赣赣"), 5), 3);
    assert_int_equal(desk_cut(HAUL_STR("赣赣"), 2), 0);
    struct desk_alert a = {0};
    char huge[1000];
    memset(huge, 'x', sizeof huge);
    struct haul_str text[DESK_TEXTS];
    for (size_t i = 0; i < DESK_TEXTS; i++) text[i] = (struct haul_str){huge, 400};
    assert_false(desk_set_texts(&a, text));
    assert_int_equal(desk_text(&a, DESK_X_RULE).n, 400);
    assert_int_equal(desk_text(&a, DESK_X_TOUCHES).n, 0);
    for (size_t i = 0; i < DESK_TEXTS; i++) text[i] = desk_text(&a, (enum desk_text)i); /* from its own pool */
    assert_true(desk_set_texts(&a, text));
    assert_int_equal(desk_text(&a, DESK_X_OPTION).n, DESK_POOL - 1200);
}

/* ---- the open set --------------------------------------------------------------------------------------------------
 */
static void the_open_set_is_ordered_by_severity_then_time(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    static const int64_t severity[] = {3, 1, 4, 1, 2};
    for (int i = 0; i < 5; i++) {
        char id[16];
        struct raise a = plain;
        a.severity = severity[i];
        snprintf(id, sizeof id, "a%d", i);
        say(t, MORNING + i * MINUTE, id, "open", &a);
    }
    assert_string_equal(haul_trial_zset(t, "alerts:open"), "a1,a3,a4,a0,a2");
    say(t, MORNING + HOUR, "a1", "clear", &plain);
    act(t, MORNING + HOUR, "a4", "shelve");
    act(t, MORNING + HOUR, "a3", "ack");
    assert_string_equal(haul_trial_zset(t, "alerts:open"), "a3,a0,a2");
    assert_true(desk_score(1, MORNING) < desk_score(1, MORNING + 1));
    assert_true(desk_score(1, INT64_MAX) < desk_score(2, INT64_MIN));
    assert_true(desk_score(4, INT64_MAX) < 1ll << 53);
    haul_trial_close(t);
}

/* ---- operators -----------------------------------------------------------------------------------------------------
 */
static void operators_act(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    say(t, MORNING, "a1", "open", &plain);
    assert_int_equal(act(t, MORNING + SECOND, "a1", "assign"), HAUL_DONE);
    assert_int_equal(act(t, MORNING + 2 * SECOND, "a1", "note"), HAUL_DONE);
    assert_int_equal(act(t, MORNING + 3 * SECOND, "a1", "ack"), HAUL_DONE);
    assert_int_equal(act(t, MORNING + 4 * SECOND, "a1", "ack"), HAUL_DROP);
    assert_int_equal(haul_trial_counter(t, "useless"), 1);
    assert_true(shows(t, "alert:a1", "\"assigned\":\"li\""));
    assert_true(shows(t, "alert:a1", "\"note\":\"司机已联系\""));
    assert_true(shows(t, "alert:a1", "\"what\":\"acked\",\"by\":\"wang\""));
    assert_int_equal(streamed(t, "\"note\":\"司机已联系\""), 1);
    assert_int_equal(act(t, MORNING, "nobody", "ack"), HAUL_DROP);
    assert_int_equal(haul_trial_counter(t, "action_unknown"), 1);
    assert_null(haul_trial_document(t, "alert:nobody"));
    assert_int_equal(act(t, MORNING, "a1", "explode"), HAUL_QUARANTINE);
    assert_non_null(strstr(haul_trial_refusal(t), "what: "));
    haul_trial_close(t);
}

static void a_shelved_alert_returns_when_its_time_is_over(void **state)
{
    (void)state;
    for (int acked = 0; acked < 2; acked++) {
        struct haul_trial *t = trial_of(&haul_desk, "");
        say(t, MORNING, "a1", "open", &plain);
        if (acked) act(t, MORNING + SECOND, "a1", "ack");
        act(t, MORNING + MINUTE, "a1", "shelve");
        assert_true(shows(t, "alert:a1", "\"shelved_until\":\"2026-06-01T02:31:00.000Z\""));
        clock_to(t, MORNING + 31 * MINUTE - 1);
        assert_true(shows(t, "alert:a1", "\"state\":\"shelved\""));
        assert_string_equal(haul_trial_zset(t, "alerts:open"), "");
        clock_to(t, MORNING + 31 * MINUTE);
        assert_true(shows(t, "alert:a1", acked ? "\"state\":\"acked\"" : "\"state\":\"open\""));
        assert_string_equal(haul_trial_zset(t, "alerts:open"), "a1");
        clock_to(t, MORNING + 2 * HOUR); /* it waits for an acknowledgement anew, if it had none */
        assert_true(shows(t, "alert:a1", acked ? "\"escalated\":false" : "\"escalated\":true"));
        haul_trial_close(t);
    }
}

static void escalation_waits_by_severity_and_not_when_acknowledged(void **state)
{
    (void)state;
    static const int64_t minutes[] = {1, 5, 15, 60};
    for (int64_t severity = 1; severity <= 4; severity++) {
        struct haul_trial *t = trial_of(&haul_desk, "");
        struct raise a = plain;
        a.severity = severity;
        say(t, MORNING, "a1", "open", &a);
        say(t, MORNING, "a2", "open", &a);
        act(t, MORNING + SECOND, "a2", "ack");
        clock_to(t, MORNING + minutes[severity - 1] * MINUTE - 1);
        assert_true(shows(t, "alert:a1", "\"escalated\":false"));
        clock_to(t, MORNING + minutes[severity - 1] * MINUTE);
        assert_true(shows(t, "alert:a1", "\"escalated\":true"));
        assert_true(shows(t, "alert:a2", "\"escalated\":false"));
        assert_int_equal(streamed(t, "\"what\":\"escalated\""), 1);
        haul_trial_close(t);
    }
}

static void an_acknowledged_alert_that_gets_worse_opens_again(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    say(t, MORNING, "a1", "open", &plain);
    act(t, MORNING + SECOND, "a1", "ack");
    say(t, MORNING + MINUTE, "a1", "change", &plain);
    assert_true(shows(t, "alert:a1", "\"state\":\"acked\""));
    struct raise worse = plain;
    worse.severity = 1;
    say(t, MORNING + 2 * MINUTE, "a1", "change", &worse);
    assert_true(shows(t, "alert:a1", "\"state\":\"open\""));
    clock_to(t, MORNING + 3 * MINUTE);
    assert_true(shows(t, "alert:a1", "\"escalated\":true"));
    assert_true(shows(t, "desk:now", "\"severity\":{\"red\":1,\"orange\":0,\"yellow\":0,\"blue\":0}"));
    haul_trial_close(t);
}

static void an_alert_that_gets_worse_waits_by_its_new_severity(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    say(t, MORNING, "a1", "open", &plain);
    struct raise worse = plain;
    worse.severity = 1;
    say(t, MORNING + 10 * SECOND, "a1", "change", &worse);
    clock_to(t, MORNING + 70 * SECOND - 1);
    assert_true(shows(t, "alert:a1", "\"escalated\":false"));
    clock_to(t, MORNING + 70 * SECOND);
    assert_true(shows(t, "alert:a1", "\"escalated\":true"));
    haul_trial_close(t);
}

static void a_shelf_has_a_longest_and_a_usual_time(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "shelve: {fallback: 5min, longest: 20min}");
    struct haul_record r;
    say(t, MORNING, "a1", "open", &plain);
    act(t, MORNING, "a1", "shelve"); /* asks for half an hour */
    assert_true(shows(t, "alert:a1", "\"shelved_until\":\"2026-06-01T02:20:00.000Z\""));
    haul_record_init(&r, HAUL_KIND_ACTION, HAUL_STR("a1"), (struct haul_time){MORNING + MINUTE});
    haul_set_s(&r, HAUL_F_ACTION_WHAT, HAUL_STR("shelve"));
    haul_set_s(&r, HAUL_F_ACTION_WHO, HAUL_STR("li"));
    haul_trial_feed(t, &r, r.time); /* again, and does not say for how long */
    assert_true(shows(t, "alert:a1", "\"shelved_until\":\"2026-06-01T02:06:00.000Z\""));
    clock_to(t, MORNING + 6 * MINUTE);
    assert_true(shows(t, "alert:a1", "\"state\":\"open\""));
    assert_int_equal(act(t, MORNING + 7 * MINUTE, "a1", "unshelve"), HAUL_DROP);
    act(t, MORNING + 7 * MINUTE, "a1", "shelve");
    assert_int_equal(act(t, MORNING + 8 * MINUTE, "a1", "unshelve"), HAUL_DONE);
    assert_string_equal(haul_trial_zset(t, "alerts:open"), "a1");
    haul_trial_close(t);
}

/* ---- what is not in order ------------------------------------------------------------------------------------------
 */
static void duplicates_and_strangers_are_counted(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    assert_int_equal(say(t, MORNING, "x", "clear", &plain), HAUL_DROP);
    assert_int_equal(haul_trial_counter(t, "clear_unknown"), 1);
    assert_null(haul_trial_document(t, "alert:x"));
    assert_int_equal(say(t, MORNING, "a1", "change", &plain), HAUL_DONE); /* opens it */
    assert_int_equal(streamed(t, "\"what\":\"opened\""), 1);
    assert_int_equal(say(t, MORNING, "a1", "open", &plain), HAUL_DROP);
    assert_int_equal(haul_trial_counter(t, "duplicate"), 1);
    say(t, MORNING, "a1", "clear", &plain);
    assert_int_equal(say(t, MORNING, "a1", "open", &plain), HAUL_DROP);
    assert_int_equal(say(t, MORNING, "a1", "change", &plain), HAUL_DROP);
    assert_int_equal(say(t, MORNING, "a1", "clear", &plain), HAUL_DROP);
    assert_int_equal(say(t, MORNING, "a1", "shout", &plain), HAUL_QUARANTINE);
    assert_int_equal(streamed(t, "\"what\":\"closed\""), 1);
    haul_trial_close(t);
}

static void a_closed_alert_goes_after_its_time(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    say(t, MORNING, "a1", "open", &plain);
    say(t, MORNING + HOUR, "a1", "clear", &plain);
    clock_to(t, MORNING + 25 * HOUR - 1);
    assert_non_null(haul_trial_document(t, "alert:a1"));
    clock_to(t, MORNING + 25 * HOUR);
    assert_null(haul_trial_document(t, "alert:a1"));
    assert_null(haul_trial_document(t, "evidence:a1"));
    assert_true(shows(t, "desk:now", "\"alerts\":0"));
    haul_trial_close(t);
}

static void the_quota_holds(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "quota: 100");
    char id[16];
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "a%d", i);
        assert_int_equal(say(t, MORNING + i, id, "open", &plain), HAUL_DONE);
    }
    assert_int_equal(say(t, MORNING + 101, "b", "open", &plain), HAUL_DROP);
    assert_int_equal(haul_trial_counter(t, "over_quota"), 1);
    say(t, MORNING + 102, "a5", "clear", &plain);
    clock_to(t, MORNING + SECOND); /* crowded: it does not wait for a day */
    assert_null(haul_trial_document(t, "alert:a5"));
    assert_int_equal(say(t, MORNING + 2 * SECOND, "b", "open", &plain), HAUL_DONE);
    haul_trial_close(t);
}

static void the_history_keeps_the_opening_and_the_newest(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    say(t, MORNING, "a1", "open", &plain);
    for (int i = 1; i <= 40; i++) act(t, MORNING + i * MINUTE, "a1", "note");
    assert_true(shows(t, "alert:a1", "\"history\":[{\"time\":\"2026-06-01T02:00:00.000Z\",\"what\":\"opened\"}"));
    assert_true(shows(t, "alert:a1", "{\"time\":\"2026-06-01T02:40:00.000Z\",\"what\":\"noted\",\"by\":\"wang\"}]"));
    assert_true(number_of(t, "alert:a1", "history_more") >= 25);
    haul_trial_close(t);
}

/* ---- incidents -----------------------------------------------------------------------------------------------------
 */
static void silence(struct haul_trial *t, int64_t ms, int i, const char *action, int64_t severity)
{
    char id[16], entity[32];
    snprintf(id, sizeof id, "m%03d", i);
    snprintf(entity, sizeof entity, "vehicle:V%03d", i);
    const struct raise a = {"fleet.offline", entity, "gateway:g7", severity, 0.5};
    say(t, ms, id, action, &a);
}

/* Id of the incident's alert, from its member. */
static void incident_of(const struct haul_trial *t, const char *member, char out[33])
{
    const char *document = haul_trial_document(t, member);
    const char *at = document == NULL ? NULL : strstr(document, "\"incident\":\"");
    assert_non_null(at);
    memcpy(out, at + strlen("\"incident\":\""), 32);
    out[32] = '\0';
}

static void alerts_of_one_cause_become_one_incident(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    for (int i = 0; i < 4; i++) silence(t, MORNING + i * MINUTE, i, "open", 3);
    assert_string_equal(haul_trial_zset(t, "alerts:open"), "m000,m001,m002,m003");
    silence(t, MORNING + 4 * MINUTE, 4, "open", 3);
    char id[33], key[64];
    incident_of(t, "alert:m000", id);
    assert_string_equal(haul_trial_zset(t, "alerts:open"), id);
    snprintf(key, sizeof key, "alert:%s", id);
    assert_true(shows(t, key, "\"rule\":\"desk.incident\""));
    assert_true(shows(t, key, "\"entity\":\"gateway:g7\""));
    assert_true(shows(t, key, "\"why_en\":\"5 open alerts share the cause gateway:g7 (in all 5; grouped from 5 on)\""));
    assert_true(shows(t, key, "\"why_zh\":\"5 条未关闭告警出自同一原因 gateway:g7"));
    assert_true(shows(
        t, key, "\"touches\":[\"vehicle:V000\",\"vehicle:V001\",\"vehicle:V002\",\"vehicle:V003\",\"vehicle:V004\"]"));
    assert_int_equal(streamed(t, "\"what\":\"joined\""), 4);
    for (int i = 5; i < 500; i++) silence(t, MORNING + 5 * MINUTE, i, "open", 3);
    clock_to(t, MORNING + 6 * MINUTE);
    assert_string_equal(haul_trial_zset(t, "alerts:open"), id); /* one, not five hundred */
    assert_true(number_of(t, key, "members_open") == 500);
    assert_true(shows(t, "desk:now", "\"incidents_open\":1"));
    silence(t, MORNING + 7 * MINUTE, 500, "open", 1); /* one is worse: so is the incident */
    assert_true(shows(t, key, "\"severity\":1"));
    for (int i = 0; i < 500; i++) silence(t, MORNING + 8 * MINUTE, i, "clear", 3);
    clock_to(t, MORNING + 9 * MINUTE);
    assert_true(shows(t, key, "\"state\":\"open\""));
    silence(t, MORNING + 10 * MINUTE, 500, "clear", 1);
    assert_true(shows(t, key, "\"state\":\"closed\""));
    assert_true(number_of(t, key, "members_ever") == 501);
    assert_string_equal(haul_trial_zset(t, "alerts:open"), "");
    assert_true(shows(t, "desk:now", "\"incidents_open\":0"));
    assert_true(shows(t, "desk:now", "\"closed\":502"));
    /* the same cause again is another incident */
    for (int i = 600; i < 605; i++) silence(t, MORNING + 20 * MINUTE, i, "open", 3);
    char again[33];
    incident_of(t, "alert:m600", again);
    assert_string_not_equal(again, id);
    haul_trial_close(t);
}

static void members_escalate_no_more_and_the_incident_does(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    for (int i = 0; i < 5; i++) silence(t, MORNING, i, "open", 3);
    clock_to(t, MORNING + HOUR);
    assert_int_equal(streamed(t, "\"what\":\"escalated\""), 1);
    assert_true(shows(t, "alert:m000", "\"escalated\":false"));
    haul_trial_close(t);
}

static void alerts_of_one_cause_that_come_slowly_stay_apart(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    for (int i = 0; i < 60; i++)
        silence(t, MORNING + i * 151 * SECOND, i, "open", 3); /* the fifth is 10:04 after the first */
    assert_true(shows(t, "desk:now", "\"incidents_open\":0"));
    for (int i = 60; i < 63; i++) silence(t, MORNING + 60 * 151 * SECOND, i, "open", 3); /* then many at once */
    assert_true(shows(t, "desk:now", "\"incidents_open\":1"));
    for (int i = 0; i < 63; i++) silence(t, MORNING + 3 * HOUR, i, "clear", 3);
    assert_true(shows(t, "desk:now", "\"incidents_open\":0"));
    assert_string_equal(haul_trial_zset(t, "alerts:open"), "");
    haul_trial_close(t);
}

static void two_incidents_of_one_cause_at_one_time_are_two(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    char first[33], second[33];
    for (int i = 0; i < 5; i++) silence(t, MORNING, i, "open", 3);
    incident_of(t, "alert:m000", first);
    for (int i = 0; i < 5; i++) silence(t, MORNING, i, "clear", 3);
    for (int i = 5; i < 10; i++) silence(t, MORNING, i, "open", 3);
    incident_of(t, "alert:m005", second);
    assert_string_not_equal(first, second);
    assert_string_equal(haul_trial_zset(t, "alerts:open"), second);
    assert_int_equal(streamed(t, "5 open alerts share the cause gateway:g7"), 2);
    haul_trial_close(t);
}

static void an_incident_is_acknowledged_like_any_alert(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    for (int i = 0; i < 5; i++) silence(t, MORNING, i, "open", 3);
    char id[33], key[64];
    incident_of(t, "alert:m000", id);
    snprintf(key, sizeof key, "alert:%s", id);
    assert_int_equal(act(t, MORNING + SECOND, id, "ack"), HAUL_DONE);
    assert_true(shows(t, key, "\"state\":\"acked\""));
    assert_true(shows(t, key, "\"why_en\":\"5 open alerts"));
    act(t, MORNING + 2 * SECOND, id, "shelve");
    assert_string_equal(haul_trial_zset(t, "alerts:open"), "");
    haul_trial_close(t);
}

static void more_rules_than_there_are_places_are_counted_together(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "");
    char id[16], rule[32];
    for (int i = 0; i < DESK_RULES + 10; i++) {
        struct raise a = plain;
        snprintf(id, sizeof id, "a%d", i);
        snprintf(rule, sizeof rule, "fleet.rule_%d", i);
        a.rule = rule;
        say(t, MORNING + i * SECOND, id, "open", &a);
    }
    clock_to(t, MORNING + HOUR);
    assert_true(shows(t, "desk:now", "{\"rule\":\"fleet.rule_50\",\"open\":1}"));
    assert_true(shows(t, "desk:now", "{\"rule\":\"others\",\"open\":11}]"));
    struct raise last = plain;
    last.rule = rule;
    say(t, MORNING + 2 * HOUR, id, "clear", &last);
    clock_to(t, MORNING + 3 * HOUR);
    assert_true(shows(t, "desk:now", "{\"rule\":\"others\",\"open\":10}]"));
    haul_trial_close(t);
}

/* ---- flood ---------------------------------------------------------------------------------------------------------
 */
static void the_rate_is_that_of_the_minute_up_to_now(void **state)
{
    (void)state;
    assert_int_equal(desk_rate(0, 0, 0), 0);
    assert_int_equal(desk_rate(60, 0, 0), 60);
    assert_int_equal(desk_rate(60, 0, 30000), 30);
    assert_int_equal(desk_rate(60, 15, 30000), 45);
    assert_int_equal(desk_rate(60, 60, 59999), 60);
}

static void a_flood_begins_and_ends(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_desk, "flood: {per_minute: 60}");
    char id[16];
    for (int i = 0; i < 60; i++) {
        snprintf(id, sizeof id, "a%d", i);
        say(t, MORNING + i * 500, id, "open", &plain);
    }
    clock_to(t, MORNING + 30 * SECOND);
    assert_true(shows(t, "desk:now", "\"flood\":false"));
    say(t, MORNING + 30 * SECOND, "one more", "open", &plain);
    assert_true(shows(t, "desk:now", "\"flood\":true"));
    assert_int_equal(streamed(t, "\"what\":\"flood_began\""), 1);
    say(t, MORNING + 31 * SECOND, "and one", "open", &plain);
    clock_to(t, MORNING + 35 * SECOND);
    assert_true(shows(t, "desk:now", "\"flood_opened\":2"));
    assert_true(shows(t, "desk:now", "\"in_flood\":2"));
    clock_to(t, MORNING + 80 * SECOND); /* two thirds of the minute before: 41 */
    assert_true(shows(t, "desk:now", "\"flood\":true"));
    clock_to(t, MORNING + 100 * SECOND);
    assert_true(shows(t, "desk:now", "\"flood\":false"));
    assert_int_equal(streamed(t, "\"what\":\"flood_ended\""), 1);
    haul_trial_close(t);
}

static void contradictions_between_options_are_found(void **state)
{
    (void)state;
    struct haul_error e;
    assert_null(haul_trial_open(&haul_desk, "shelve: {fallback: 2h, longest: 1h}", &e));
    assert_null(haul_trial_open(&haul_desk, "escalate: {red: 10min}", &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_move_an_alert_as_the_table_says),
        cmocka_unit_test(whatever_comes_it_opens_once_and_closes_once),
        cmocka_unit_test(an_alert_says_everything),
        cmocka_unit_test(a_change_keeps_what_it_does_not_say_and_a_clear_keeps_the_reason),
        cmocka_unit_test(texts_are_cut_at_a_character),
        cmocka_unit_test(the_open_set_is_ordered_by_severity_then_time),
        cmocka_unit_test(operators_act),
        cmocka_unit_test(a_shelved_alert_returns_when_its_time_is_over),
        cmocka_unit_test(escalation_waits_by_severity_and_not_when_acknowledged),
        cmocka_unit_test(an_acknowledged_alert_that_gets_worse_opens_again),
        cmocka_unit_test(an_alert_that_gets_worse_waits_by_its_new_severity),
        cmocka_unit_test(a_shelf_has_a_longest_and_a_usual_time),
        cmocka_unit_test(duplicates_and_strangers_are_counted),
        cmocka_unit_test(a_closed_alert_goes_after_its_time),
        cmocka_unit_test(the_quota_holds),
        cmocka_unit_test(the_history_keeps_the_opening_and_the_newest),
        cmocka_unit_test(alerts_of_one_cause_become_one_incident),
        cmocka_unit_test(members_escalate_no_more_and_the_incident_does),
        cmocka_unit_test(alerts_of_one_cause_that_come_slowly_stay_apart),
        cmocka_unit_test(two_incidents_of_one_cause_at_one_time_are_two),
        cmocka_unit_test(an_incident_is_acknowledged_like_any_alert),
        cmocka_unit_test(more_rules_than_there_are_places_are_counted_together),
        cmocka_unit_test(the_rate_is_that_of_the_minute_up_to_now),
        cmocka_unit_test(a_flood_begins_and_ends),
        cmocka_unit_test(contradictions_between_options_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
