/* SPDX-License-Identifier: Apache-2.0
 * VROOM's JSON, with haul's own fields beside. Seconds become milliseconds; metres stay; a unit of cost is 3,600,000,
 * so that costs an hour and a kilometre are whole numbers a millisecond and a metre.
 */
#include "processors/solver/read_json.h"

#include <stdlib.h>

enum { SECOND = 1000, COST_UNIT = 3600000, WINDOWS_MAX = 64, SKILLS_MAX = 256, STEPS_MAX = 100000 };
static const double seconds_max = 1e9, cost_max = 1e9, amount_max = 1e12;

struct names {
    char **name;
    int32_t n;
};

struct place {
    double lon, lat;
    int32_t index;
};

struct known {
    enum haul_vrp_task_kind kind;
    int64_t id;
    int32_t index;
};

struct build {
    struct reader r;
    const struct haul_read_options *o;
    struct haul_problem *p;
    const json_t *root;
    int32_t dims;
    bool by_index;        /* locations are rows of a matrix that the file brings */
    bool cost_tables;     /* the matrices bring costs of their own */
    int32_t locations;    /* by index */
    struct place *places; /* by coordinates, sorted */
    int32_t places_n;
    struct names profiles, types, docks;
    int64_t skill[SKILLS_MAX];
    int32_t skills_n;
    struct known *known;
    int32_t known_n;
};

/* ---- names ---- */

static int32_t name_index(const struct names *all, struct haul_str s)
{
    for (int32_t i = 0; i < all->n; i++)
        if (haul_str_eq(haul_str_of(all->name[i]), s)) return i;
    return HAUL_VRP_NONE;
}

static int32_t name_add(struct build *b, struct names *all, struct haul_str s)
{
    const int32_t at = name_index(all, s);
    if (at != HAUL_VRP_NONE) return at;
    char **name = solver_room(all->name, (size_t)all->n, sizeof *name);
    if (name != NULL) all->name = name;
    char *copy = name == NULL ? NULL : strndup(s.p, s.n);
    if (copy == NULL) {
        json_wrong(&b->r, HAUL_E_NOMEM, NULL, NULL, "no memory for names");
        return 0;
    }
    all->name[all->n] = copy;
    return all->n++;
}

static void names_free(struct names *all)
{
    for (int32_t i = 0; i < all->n; i++) free(all->name[i]);
    free(all->name);
}

static void skill_bits(struct build *b, const struct path *at, const json_t *o, uint64_t *bits)
{
    const json_t *list = json_array_of(&b->r, at, o, "skills");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_integer(v)) {
            json_wrong(&b->r, HAUL_E_INVALID, at, "skills", "[%zu]: a whole number is wanted", i);
            return;
        }
        const int64_t skill = (int64_t)json_integer_value(v);
        int32_t k = 0;
        while (k < b->skills_n && b->skill[k] != skill) k++;
        if (k == b->skills_n && k == SKILLS_MAX) {
            json_wrong(&b->r, HAUL_E_LIMIT, at, "skills", "more than %d different ones", SKILLS_MAX);
            return;
        }
        if (k == b->skills_n) b->skill[b->skills_n++] = skill;
        bits[k / 64] |= UINT64_C(1) << (k % 64);
    }
}

/* ---- places ---- */

static bool coordinates(struct build *b, const struct path *at, const json_t *o, const char *field, double *lon,
                        double *lat)
{
    const json_t *pair = json_array_of(&b->r, at, o, field);
    if (pair == NULL) return false;
    const json_t *x = json_array_get(pair, 0), *y = json_array_get(pair, 1);
    if (json_array_size(pair) != 2 || !json_is_number(x) || !json_is_number(y)) {
        json_wrong(&b->r, HAUL_E_INVALID, at, field, "[longitude, latitude] is wanted");
        return false;
    }
    *lon = json_number_value(x), *lat = json_number_value(y);
    if (*lon >= -180 && *lon <= 180 && *lat >= -90 && *lat <= 90) return true;
    json_wrong(&b->r, HAUL_E_RANGE, at, field, "[%.15g, %.15g] is no longitude and latitude", *lon, *lat);
    return false;
}

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->lon != y->lon) return x->lon < y->lon ? -1 : 1;
    return x->lat < y->lat ? -1 : x->lat > y->lat;
}

static void gather(struct build *b, const struct path *at, const json_t *o, const char *field)
{
    double lon, lat;
    if (o == NULL || !coordinates(b, at, o, field, &lon, &lat)) return;
    if (b->places_n == HAUL_MAX_TASKS) {
        json_wrong(&b->r, HAUL_E_LIMIT, at, field, "more than %d places", HAUL_MAX_TASKS);
        return;
    }
    struct place *places = solver_room(b->places, (size_t)b->places_n, sizeof *places);
    if (places == NULL) {
        json_wrong(&b->r, HAUL_E_NOMEM, at, field, "no memory for places");
        return;
    }
    b->places = places;
    b->places[b->places_n++] = (struct place){lon, lat, 0};
}

/* Every place that is named by coordinates, each once. */
static void gather_all(struct build *b)
{
    const struct path jobs = {NULL, "jobs", 0}, shipments = {NULL, "shipments", 0}, vehicles = {NULL, "vehicles", 0};
    size_t i, k;
    const json_t *v, *reload;
    json_array_foreach(json_object_get(b->root, "jobs"), i, v) gather(b, &(struct path){&jobs, NULL, i}, v, "location");
    json_array_foreach(json_object_get(b->root, "shipments"), i, v)
    {
        gather(b, &(struct path){&shipments, NULL, i}, json_object_get(v, "pickup"), "location");
        gather(b, &(struct path){&shipments, NULL, i}, json_object_get(v, "delivery"), "location");
    }
    json_array_foreach(json_object_get(b->root, "vehicles"), i, v)
    {
        const struct path at = {&vehicles, NULL, i};
        gather(b, &at, v, "start");
        gather(b, &at, v, "end");
        json_array_foreach(json_object_get(v, "reloads"), k, reload) gather(b, &at, reload, "location");
    }
    if (b->r.bad != HAUL_OK || b->places_n == 0) return;
    qsort(b->places, (size_t)b->places_n, sizeof *b->places, by_place);
    int32_t n = 0;
    for (int32_t j = 0; j < b->places_n; j++)
        if (n == 0 || by_place(&b->places[n - 1], &b->places[j]) != 0) {
            b->places[n] = b->places[j];
            b->places[n].index = n;
            n++;
        }
    b->places_n = n;
}

/* HAUL_VRP_NONE when neither is given. */
static int32_t location(struct build *b, const struct path *at, const json_t *o, const char *field,
                        const char *index_field)
{
    if (b->by_index) return (int32_t)json_whole(&b->r, at, o, index_field, HAUL_VRP_NONE, 0, b->locations - 1);
    double lon, lat;
    if (!coordinates(b, at, o, field, &lon, &lat)) return HAUL_VRP_NONE;
    const struct place key = {lon, lat, 0};
    const struct place *found = bsearch(&key, b->places, (size_t)b->places_n, sizeof key, by_place);
    return found == NULL ? HAUL_VRP_NONE : found->index;
}

static int32_t location_wanted(struct build *b, const struct path *at, const json_t *o)
{
    const int32_t l = location(b, at, o, "location", "location_index");
    if (l != HAUL_VRP_NONE) return l;
    json_wrong(&b->r, HAUL_E_INVALID, at, b->by_index ? "location_index" : "location", "is missing");
    return 0;
}

/* ---- parts of tasks and vehicles ---- */

static void amounts(struct build *b, const struct path *at, const json_t *o, const char *field, int64_t *to)
{
    const json_t *list = json_array_of(&b->r, at, o, field);
    if (json_array_size(list) > (size_t)b->dims) {
        json_wrong(&b->r, HAUL_E_RANGE, at, field, "%zu parts, at most %d", json_array_size(list), HAUL_DIMS);
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > HAUL_AMOUNT_MAX) {
            json_wrong(&b->r, HAUL_E_RANGE, at, field, "[%zu]: a whole number, 0..2^40, is wanted", i);
            return;
        }
        to[i] = (int64_t)json_integer_value(v);
    }
}

static bool window_of(struct build *b, const struct path *at, const char *field, const json_t *pair,
                      struct haul_window *to)
{
    const json_t *x = json_array_get(pair, 0), *y = json_array_get(pair, 1);
    if (json_array_size(pair) != 2 || !json_is_number(x) || !json_is_number(y)) {
        json_wrong(&b->r, HAUL_E_INVALID, at, field, "[from, until] in seconds is wanted");
        return false;
    }
    const double from = json_number_value(x), until = json_number_value(y);
    if (from < 0 || from > 1e11 || until < from || until > 1e11) {
        json_wrong(&b->r, HAUL_E_RANGE, at, field, "[%.15g, %.15g]: from 0 or later, until not before it", from, until);
        return false;
    }
    *to = (struct haul_window){(int64_t)(from * SECOND), (int64_t)(until * SECOND)};
    return true;
}

static int by_open(const void *a, const void *b)
{
    const struct haul_window *x = a, *y = b;
    return x->open < y->open ? -1 : x->open > y->open;
}

static int32_t windows(struct build *b, const struct path *at, const json_t *o, struct haul_window *to)
{
    const json_t *list = json_array_of(&b->r, at, o, "time_windows");
    if (list == NULL) return 0;
    if (json_array_size(list) == 0 || json_array_size(list) > WINDOWS_MAX) {
        json_wrong(&b->r, HAUL_E_RANGE, at, "time_windows", "%zu of them, not 1..%d", json_array_size(list),
                   WINDOWS_MAX);
        return 0;
    }
    int32_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!window_of(b, at, "time_windows", json_array_get(list, i), &to[n++])) return 0;
    qsort(to, (size_t)n, sizeof *to, by_open);
    return n;
}

/* "service_per_type": {"van": 300}: by class, the plain one for the others. */
static void services_by_type(struct build *b, const struct path *at, const json_t *o, struct haul_vrp_task *t,
                             int64_t *by_class)
{
    const json_t *map = json_object_of(&b->r, at, o, "service_per_type");
    if (map == NULL || b->types.n == 0) return;
    for (int32_t c = 0; c < b->types.n; c++) {
        const struct path per_type = {at, "service_per_type", 0};
        by_class[c] = json_scaled(&b->r, &per_type, map, b->types.name[c], SECOND, t->service, 0, seconds_max);
    }
    t->service_of_class = by_class;
}

/* What jobs and both halves of shipments share. The windows and the services are read into the caller's memory. */
static struct haul_vrp_task half(struct build *b, const struct path *at, const json_t *o, struct haul_window *w,
                                 int64_t *by_class)
{
    struct haul_vrp_task t = haul_vrp_task_default();
    struct reader *r = &b->r;
    if (!json_is_object(o)) {
        json_wrong(r, HAUL_E_INVALID, at, NULL, "an object is wanted");
        return t;
    }
    t.id = json_whole(r, at, o, "id", -1, 0, INT64_MAX);
    if (t.id == -1) json_wrong(r, HAUL_E_INVALID, at, "id", "is missing");
    t.description = json_text(r, at, o, "description");
    t.location = location_wanted(b, at, o);
    t.setup = json_scaled(r, at, o, "setup", SECOND, 0, 0, seconds_max);
    t.service = json_scaled(r, at, o, "service", SECOND, 0, 0, seconds_max);
    t.windows = w;
    t.windows_n = windows(b, at, o, w);
    services_by_type(b, at, o, &t, by_class);
    return t;
}

static void common(struct build *b, const struct path *at, const json_t *o, struct haul_vrp_task *t)
{
    struct reader *r = &b->r;
    skill_bits(b, at, o, t->skills);
    t->priority = (int32_t)json_whole(r, at, o, "priority", 0, 0, 100);
    t->prize = json_scaled(r, at, o, "prize", COST_UNIT, HAUL_VRP_NONE, 0, 1e8);
    t->exposure_max = json_scaled(r, at, o, "max_exposure", SECOND, HAUL_VRP_NONE, 0, seconds_max);
}

/* What the problem itself refuses gets the path in front. */
static void refuse(struct build *b, const struct path *at, enum haul_err code, const struct haul_error *why)
{
    if (code != HAUL_OK) json_wrong(&b->r, code, at, NULL, "%s", why->text);
}

static void remember(struct build *b, const struct path *at, enum haul_vrp_task_kind kind, int64_t id, int32_t index)
{
    struct known *known = solver_room(b->known, (size_t)b->known_n, sizeof *known);
    if (known == NULL) {
        json_wrong(&b->r, HAUL_E_NOMEM, at, NULL, "no memory for tasks");
        return;
    }
    b->known = known;
    b->known[b->known_n++] = (struct known){kind, id, index};
}

static void add_job(struct build *b, const struct path *at, const json_t *o)
{
    struct haul_window w[WINDOWS_MAX];
    int64_t by_class[1000];
    struct haul_vrp_task t = half(b, at, o, w, by_class);
    common(b, at, o, &t);
    amounts(b, at, o, "delivery", t.delivery);
    amounts(b, at, o, "pickup", t.pickup);
    if (b->r.bad != HAUL_OK) return;
    int32_t index;
    struct haul_error why;
    const enum haul_err bad = haul_problem_add_job(b->p, &t, &index, &why);
    refuse(b, at, bad, &why);
    if (bad == HAUL_OK) remember(b, at, HAUL_VRP_JOB, t.id, index);
}

static void add_shipment(struct build *b, const struct path *at, const json_t *o)
{
    struct haul_window from_windows[WINDOWS_MAX], to_windows[WINDOWS_MAX];
    int64_t from_class[1000], to_class[1000];
    const struct path pickup = {at, "pickup", 0}, delivery = {at, "delivery", 0};
    struct haul_vrp_task from = half(b, &pickup, json_object_get(o, "pickup"), from_windows, from_class);
    const struct haul_vrp_task to = half(b, &delivery, json_object_get(o, "delivery"), to_windows, to_class);
    common(b, at, o, &from);
    amounts(b, at, o, "amount", from.pickup);
    if (b->r.bad != HAUL_OK) return;
    int32_t index;
    struct haul_error why;
    const enum haul_err bad = haul_problem_add_shipment(b->p, &from, &to, &index, &why);
    refuse(b, at, bad, &why);
    if (bad != HAUL_OK) return;
    remember(b, at, HAUL_VRP_PICKUP, from.id, index);
    remember(b, at, HAUL_VRP_DELIVERY, to.id, index + 1);
}

static int by_known(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void sort_known(struct build *b)
{
    if (b->known_n > 0) qsort(b->known, (size_t)b->known_n, sizeof *b->known, by_known);
    static const char *const lists[] = {"jobs", "shipments.pickup", "shipments.delivery"};
    for (int32_t i = 1; i < b->known_n; i++)
        if (by_known(&b->known[i - 1], &b->known[i]) == 0)
            json_wrong(&b->r, HAUL_E_DUPLICATE, NULL, lists[b->known[i].kind], "id %lld stands there twice",
                       (long long)b->known[i].id);
}

/* ---- vehicles ---- */

static void costs(struct build *b, const struct path *at, const json_t *o, struct haul_vrp_vehicle *v)
{
    const json_t *c = json_object_of(&b->r, at, o, "costs");
    const struct path in = {at, "costs", 0};
    v->cost_fixed = json_scaled(&b->r, &in, c, "fixed", COST_UNIT, 0, 0, 1e8);
    v->cost_per_service = json_scaled(&b->r, &in, c, "per_task_hour", 1, 0, 0, cost_max);
    v->cost_per_duration = json_scaled(&b->r, &in, c, "per_shift_hour", 1, 0, 0, cost_max);
    if (b->cost_tables) { /* they stand where distances would, and count as they are */
        v->cost_per_distance = COST_UNIT;
        if (json_object_get(c, "per_hour") != NULL || json_object_get(c, "per_km") != NULL)
            json_wrong(&b->r, HAUL_E_CONFLICT, &in, NULL, "per_hour and per_km do not go with a matrix of costs");
        if (json_object_get(o, "max_distance") != NULL)
            json_wrong(&b->r, HAUL_E_UNSUPPORTED, at, "max_distance", "not with a matrix of costs");
        return;
    }
    v->cost_per_time = json_scaled(&b->r, &in, c, "per_hour", 1, 3600, 0, cost_max);
    v->cost_per_distance = json_scaled(&b->r, &in, c, "per_km", 3600, 0, 0, 1e6);
}

static void break_of(struct build *b, const struct path *at, const json_t *o, struct haul_break *to,
                     struct haul_window *w)
{
    *to = (struct haul_break){0};
    to->id = json_whole(&b->r, at, o, "id", -1, 0, INT64_MAX);
    if (to->id == -1) json_wrong(&b->r, HAUL_E_INVALID, at, "id", "is missing");
    to->duration = json_scaled(&b->r, at, o, "service", SECOND, 0, 0, seconds_max);
    to->windows = w;
    to->windows_n = windows(b, at, o, w);
    to->description = json_text(&b->r, at, o, "description");
    to->load_limited = json_object_get(o, "max_load") != NULL;
    amounts(b, at, o, "max_load", to->load_max);
}

static void reload_of(struct build *b, const struct path *at, const json_t *o, struct haul_reload *to)
{
    to->location = location_wanted(b, at, o);
    to->duration = json_scaled(&b->r, at, o, "duration", SECOND, 0, 0, seconds_max);
    to->load = json_flag(&b->r, at, o, "load", true);
    to->energy = json_flag(&b->r, at, o, "energy", false);
}

static void rule(struct build *b, const struct path *at, const json_t *o, struct haul_driving_rule *to)
{
    const json_t *v = json_object_get(o, "driving_rule");
    if (v == NULL) return;
    if (json_is_string(v)) {
        if (!haul_driving_rule_named(json_string_value(v), SECOND, to))
            json_wrong(&b->r, HAUL_E_UNKNOWN, at, "driving_rule", "neither \"cn\" nor \"eu561\" nor an object");
        return;
    }
    const struct path in = {at, "driving_rule", 0};
    if (!json_is_object(v)) json_wrong(&b->r, HAUL_E_INVALID, &in, NULL, "a name or an object is wanted");
    to->drive_max = json_scaled(&b->r, &in, v, "drive_max", SECOND, 0, 1, seconds_max);
    to->rest = json_scaled(&b->r, &in, v, "rest", SECOND, 0, 1, seconds_max);
    to->split_first = json_scaled(&b->r, &in, v, "split_first", SECOND, 0, 0, seconds_max);
    to->split_second = json_scaled(&b->r, &in, v, "split_second", SECOND, 0, 0, seconds_max);
    to->drive_day_max = json_scaled(&b->r, &in, v, "drive_day_max", SECOND, 0, 0, seconds_max);
    to->service_rests = json_flag(&b->r, &in, v, "service_rests", false);
}

static void energy_and_exposure(struct build *b, const struct path *at, const json_t *o, struct haul_vrp_vehicle *v)
{
    const json_t *energy = json_object_of(&b->r, at, o, "energy"), *exposure = json_object_of(&b->r, at, o, "exposure");
    const struct path in_energy = {at, "energy", 0}, in_exposure = {at, "exposure", 0};
    if (energy != NULL) {
        v->energy_max = json_scaled(&b->r, &in_energy, energy, "max", 1000, HAUL_VRP_NONE, 0, 1e9);
        v->energy_per_distance = json_scaled(&b->r, &in_energy, energy, "per_km", 1000000, 0, 0, 1e6);
        v->energy_per_load = json_scaled(&b->r, &in_energy, energy, "per_load_km", 1000000, 0, 0, 1e6);
    }
    if (exposure == NULL) return;
    v->exposure_drive_permille = (int32_t)json_scaled(&b->r, &in_exposure, exposure, "drive", 1000, 0, 0, 1);
    v->exposure_stop_permille = (int32_t)json_scaled(&b->r, &in_exposure, exposure, "stop", 1000, 0, 0, 1);
}

static void limits(struct build *b, const struct path *at, const json_t *o, struct haul_vrp_vehicle *v)
{
    struct reader *r = &b->r;
    v->tasks_max = (int32_t)json_whole(r, at, o, "max_tasks", HAUL_VRP_NONE, 0, HAUL_MAX_TASKS);
    v->travel_max = json_scaled(r, at, o, "max_travel_time", SECOND, HAUL_VRP_NONE, 0, seconds_max);
    v->distance_max = json_scaled(r, at, o, "max_distance", 1, HAUL_VRP_NONE, 0, amount_max);
    v->duration_max = json_scaled(r, at, o, "max_duration", SECOND, HAUL_VRP_NONE, 0, seconds_max);
    v->speed_permille = (int32_t)json_scaled(r, at, o, "speed_factor", 1000, 1000, 0.001, 5);
    v->reloads_max =
        (int32_t)json_whole(r, at, o, "max_reloads", json_object_get(o, "reloads") == NULL ? 0 : 100, 0, 1000);
    v->dock_time = json_scaled(r, at, o, "dock_time", SECOND, 0, 0, seconds_max);
    const struct haul_str dock = json_text(r, at, o, "dock");
    if (dock.p == NULL) return;
    v->dock = name_index(&b->docks, dock);
    if (v->dock == HAUL_VRP_NONE) json_wrong(r, HAUL_E_UNKNOWN, at, "dock", "no such dock in \"docks\"");
}

static int32_t step_task(struct build *b, const struct path *at, const json_t *step)
{
    static const char *const kinds[] = {"job", "pickup", "delivery"};
    const struct haul_str type = json_text(&b->r, at, step, "type");
    for (int32_t k = 0; k < 3; k++) {
        if (!haul_str_eq(type, haul_str_of(kinds[k]))) continue;
        const struct known key = {(enum haul_vrp_task_kind)k, json_whole(&b->r, at, step, "id", -1, 0, INT64_MAX), 0};
        const struct known *found =
            b->known_n == 0 ? NULL : bsearch(&key, b->known, (size_t)b->known_n, sizeof key, by_known);
        if (found == NULL) json_wrong(&b->r, HAUL_E_NOT_FOUND, at, "id", "no such %s", kinds[k]);
        return found == NULL ? HAUL_VRP_NONE : found->index;
    }
    if (!haul_str_eq(type, HAUL_STR("start")) && !haul_str_eq(type, HAUL_STR("end")) &&
        !haul_str_eq(type, HAUL_STR("break")))
        json_wrong(&b->r, HAUL_E_UNKNOWN, at, "type", "not start, job, pickup, delivery, break or end");
    return HAUL_VRP_NONE;
}

/* "service_at", "service_after", "service_before": when the service of a step may begin, besides its windows. */
static void step_times(struct build *b, const struct path *at, const json_t *step, int32_t task)
{
    struct reader *r = &b->r;
    const int64_t on = json_scaled(r, at, step, "service_at", SECOND, -1, 0, 1e11),
                  after = json_scaled(r, at, step, "service_after", SECOND, -1, 0, 1e11),
                  before = json_scaled(r, at, step, "service_before", SECOND, -1, 0, 1e11);
    if (r->bad != HAUL_OK || (on < 0 && after < 0 && before < 0)) return;
    if (task == HAUL_VRP_NONE) {
        json_wrong(r, HAUL_E_UNSUPPORTED, at, "service_at", "also _after, _before: only for job, pickup and delivery");
        return;
    }
    struct haul_window to = {after < 0 ? 0 : after, before < 0 ? HAUL_FOREVER : before};
    if (on >= 0) to = (struct haul_window){on > to.open ? on : to.open, on < to.close ? on : to.close};
    struct haul_error why;
    refuse(b, at, problem_narrow(b->p, task, to, &why), &why);
}

static int32_t *steps(struct build *b, const struct path *at, const json_t *o, struct haul_vrp_vehicle *v)
{
    const json_t *list = json_array_of(&b->r, at, o, "steps");
    const size_t n = json_array_size(list);
    if (n > STEPS_MAX) json_wrong(&b->r, HAUL_E_LIMIT, at, "steps", "more than %d", STEPS_MAX);
    int32_t *tasks = calloc(n + 1, sizeof *tasks);
    assert(tasks != NULL);
    const struct path in = {at, "steps", 0};
    for (size_t i = 0; b->r.bad == HAUL_OK && i < n; i++) {
        const struct path one = {&in, NULL, i};
        const int32_t task = step_task(b, &one, json_array_get(list, i));
        step_times(b, &one, json_array_get(list, i), task);
        if (task != HAUL_VRP_NONE) tasks[v->steps_n++] = task;
    }
    v->steps = tasks;
    v->steps_frozen = (int32_t)json_whole(&b->r, at, o, "frozen", 0, 0, v->steps_n);
    return tasks;
}

struct vehicle_lists {
    struct haul_break *breaks;
    struct haul_window *windows;
    struct haul_reload *reloads;
    int32_t *steps;
};

static void lists(struct build *b, const struct path *at, const json_t *o, struct haul_vrp_vehicle *v,
                  struct vehicle_lists *l)
{
    const json_t *breaks = json_array_of(&b->r, at, o, "breaks"), *reloads = json_array_of(&b->r, at, o, "reloads");
    const struct path in_breaks = {at, "breaks", 0}, in_reloads = {at, "reloads", 0};
    const size_t breaks_n = json_array_size(breaks), reloads_n = json_array_size(reloads);
    if (breaks_n > 100 || reloads_n > 100) {
        json_wrong(&b->r, HAUL_E_LIMIT, at, breaks_n > 100 ? "breaks" : "reloads", "more than 100");
        return;
    }
    l->breaks = calloc(breaks_n + 1, sizeof *l->breaks);
    l->windows = calloc((breaks_n + 1) * WINDOWS_MAX, sizeof *l->windows);
    l->reloads = calloc(reloads_n + 1, sizeof *l->reloads);
    assert(l->breaks != NULL && l->windows != NULL && l->reloads != NULL);
    for (size_t i = 0; i < breaks_n; i++) {
        const struct path one = {&in_breaks, NULL, i};
        break_of(b, &one, json_array_get(breaks, i), &l->breaks[i], l->windows + i * WINDOWS_MAX);
    }
    for (size_t i = 0; i < reloads_n; i++) {
        const struct path one = {&in_reloads, NULL, i};
        reload_of(b, &one, json_array_get(reloads, i), &l->reloads[i]);
    }
    v->breaks = l->breaks, v->breaks_n = (int32_t)breaks_n;
    v->reloads = l->reloads, v->reloads_n = (int32_t)reloads_n;
    l->steps = steps(b, at, o, v);
}

static struct haul_str or_usual(struct haul_str s, const char *usual)
{
    return s.p == NULL ? haul_str_of(usual) : s;
}

static void add_vehicle(struct build *b, const struct path *at, const json_t *o)
{
    struct reader *r = &b->r;
    if (!json_is_object(o)) {
        json_wrong(r, HAUL_E_INVALID, at, NULL, "an object is wanted");
        return;
    }
    struct haul_vrp_vehicle v = haul_vrp_vehicle_default();
    v.id = json_whole(r, at, o, "id", -1, 0, INT64_MAX);
    if (v.id == -1) json_wrong(r, HAUL_E_INVALID, at, "id", "is missing");
    v.description = json_text(r, at, o, "description");
    v.profile = name_index(&b->profiles, or_usual(json_text(r, at, o, "profile"), "car"));
    if (v.profile == HAUL_VRP_NONE) json_wrong(r, HAUL_E_UNKNOWN, at, "profile", "no matrix of that profile");
    v.service_class = b->types.n == 0 ? 0 : name_index(&b->types, or_usual(json_text(r, at, o, "type"), ""));
    v.start = location(b, at, o, "start", "start_index");
    v.end = location(b, at, o, "end", "end_index");
    if (v.start == HAUL_VRP_NONE && v.end == HAUL_VRP_NONE && r->bad == HAUL_OK)
        json_wrong(r, HAUL_E_INVALID, at, b->by_index ? "start_index" : "start", "neither a start nor an end");
    amounts(b, at, o, "capacity", v.capacity);
    skill_bits(b, at, o, v.skills);
    const json_t *shift = json_array_of(r, at, o, "time_window");
    if (shift != NULL) window_of(b, at, "time_window", shift, &v.shift);
    costs(b, at, o, &v);
    limits(b, at, o, &v);
    rule(b, at, o, &v.rule);
    energy_and_exposure(b, at, o, &v);
    struct vehicle_lists l = {0};
    lists(b, at, o, &v, &l);
    if (r->bad == HAUL_OK) {
        int32_t index;
        struct haul_error why;
        refuse(b, at, haul_problem_add_vehicle(b->p, &v, &index, &why), &why);
    }
    free(l.breaks);
    free(l.windows);
    free(l.reloads);
    free(l.steps);
}

/* ---- matrices ---- */

static bool matrix_row(struct build *b, const struct path *at, const json_t *row, int32_t scale, int32_t *to)
{
    if (json_array_size(row) != (size_t)b->locations) {
        json_wrong(&b->r, HAUL_E_INVALID, at, NULL, "%zu numbers, %d rows", json_array_size(row), b->locations);
        return false;
    }
    for (int32_t k = 0; k < b->locations; k++) {
        const json_t *v = json_array_get(row, (size_t)k);
        const int64_t most = INT32_MAX / scale;
        if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > most) {
            json_wrong(&b->r, HAUL_E_RANGE, at, NULL, "[%d]: a whole number, 0..%lld, is wanted", k, (long long)most);
            return false;
        }
        to[k] = (int32_t)json_integer_value(v) * scale;
    }
    return true;
}

static int32_t *matrix(struct build *b, const struct path *at, const json_t *rows, int32_t scale)
{
    const int64_t n = b->locations;
    if (json_array_size(rows) != (size_t)n) {
        json_wrong(&b->r, HAUL_E_INVALID, at, NULL, "%zu rows, %lld are wanted", json_array_size(rows), (long long)n);
        return NULL;
    }
    int32_t *table = malloc((size_t)(n * n) * sizeof *table);
    if (table == NULL) json_wrong(&b->r, HAUL_E_NOMEM, at, NULL, "no memory");
    for (int64_t i = 0; table != NULL && i < n; i++) {
        const struct path row = {at, NULL, (size_t)i};
        if (!matrix_row(b, &row, json_array_get(rows, (size_t)i), scale, table + i * n)) {
            free(table);
            return NULL;
        }
    }
    return table;
}

static void set_matrices(struct build *b, int32_t profile, const struct path *at, const json_t *m)
{
    const json_t *durations = json_array_of(&b->r, at, m, "durations");
    const json_t *ways = json_array_of(&b->r, at, m, b->cost_tables ? "costs" : "distances");
    if (durations == NULL) {
        json_wrong(&b->r, HAUL_E_INVALID, at, "durations", "is missing");
        return;
    }
    if (b->cost_tables && ways == NULL) {
        json_wrong(&b->r, HAUL_E_INVALID, at, "costs", "is missing, and another profile has it");
        return;
    }
    const struct path in_time = {at, "durations", 0}, in_ways = {at, b->cost_tables ? "costs" : "distances", 0};
    int32_t *time = matrix(b, &in_time, durations, SECOND);
    int32_t *distance = NULL;
    if (time != NULL && ways != NULL) distance = matrix(b, &in_ways, ways, 1);
    if (time != NULL && ways == NULL) distance = calloc((size_t)b->locations * (size_t)b->locations, sizeof *distance);
    if (time == NULL || distance == NULL) {
        free(time);
        free(distance);
        json_wrong(&b->r, HAUL_E_NOMEM, at, NULL, "no memory");
        return;
    }
    struct haul_error why;
    refuse(b, at, haul_problem_set_table(b->p, profile, time, distance, &why), &why);
}

struct row_arg {
    struct build *b;
    struct haul_places places;
};

static enum haul_err places_row(void *arg, int32_t from, int32_t n, int32_t *time, int32_t *distance,
                                struct haul_error *e)
{
    const struct row_arg *a = arg;
    (void)n;
    return a->b->o->places(a->b->o->places_arg, &a->places, from, time, distance, e);
}

static void fill_from_places(struct build *b, int32_t profile)
{
    double *lon = calloc(2 * (size_t)b->places_n, sizeof *lon);
    assert(lon != NULL);
    double *lat = lon + b->places_n;
    for (int32_t i = 0; i < b->places_n; i++) lon[i] = b->places[i].lon, lat[i] = b->places[i].lat;
    struct haul_error memory;
    if (b->p->lon_deg == NULL) refuse(b, NULL, haul_problem_coordinates(b->p, lon, lat, &memory), &memory);
    struct row_arg arg = {b, {lon, lat, b->places_n, b->profiles.name[profile]}};
    struct haul_error why;
    refuse(b, NULL, haul_problem_fill_table(b->p, profile, places_row, &arg, &why), &why);
    free(lon);
}

static void set_speeds(struct build *b, int32_t profile)
{
    const struct path top = {NULL, "speeds", 0}, at = {&top, b->profiles.name[profile], 0};
    const json_t *o =
        json_object_of(&b->r, &top, json_object_of(&b->r, NULL, b->root, "speeds"), b->profiles.name[profile]);
    if (o == NULL) return;
    const json_t *list = json_array_of(&b->r, &at, o, "factors");
    int32_t permille[10000];
    const size_t n = json_array_size(list);
    if (n < 1 || n > 10000) {
        json_wrong(&b->r, HAUL_E_RANGE, &at, "factors", "%zu of them, not 1..10000", n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const double f = json_number_value(json_array_get(list, i));
        if (!(f >= 0.01 && f <= 1)) {
            json_wrong(&b->r, HAUL_E_RANGE, &at, "factors", "[%zu]: a number, 0.01..1, is wanted", i);
            return;
        }
        permille[i] = (int32_t)(f * 1000 + 0.5);
    }
    const struct haul_speeds s = {.from = json_scaled(&b->r, &at, o, "from", SECOND, 0, 0, 1e11),
                                  .step = json_scaled(&b->r, &at, o, "step", SECOND, 900 * SECOND, 1, seconds_max),
                                  .speed_permille = permille,
                                  .steps_n = (int32_t)n};
    struct haul_error why;
    if (b->r.bad == HAUL_OK) refuse(b, &at, haul_problem_set_speeds(b->p, profile, &s, &why), &why);
}

/* ---- the whole ---- */

static const json_t *first_rows(const json_t *matrices)
{
    const char *key;
    json_t *m;
    json_object_foreach((json_t *)(uintptr_t)matrices, key, m)
    {
        const json_t *rows = json_object_get(m, "durations");
        if (json_is_array(rows)) return rows;
    }
    return NULL;
}

/* Which profiles there are: those with a matrix, or those that vehicles name. */
static void find_profiles(struct build *b)
{
    const json_t *matrices = json_object_of(&b->r, NULL, b->root, "matrices"),
                 *old = json_array_of(&b->r, NULL, b->root, "matrix");
    const char *key;
    json_t *m;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)matrices, key, m)
    {
        name_add(b, &b->profiles, haul_str_of(key));
        b->cost_tables |= json_object_get(m, "costs") != NULL;
    }
    if (old != NULL) name_add(b, &b->profiles, HAUL_STR("car"));
    b->by_index = b->profiles.n > 0;
    const json_t *rows = old != NULL ? old : first_rows(matrices);
    if (b->by_index && (json_array_size(rows) < 1 || json_array_size(rows) > 46000)) {
        json_wrong(&b->r, HAUL_E_RANGE, NULL, "matrices", "%zu rows, not 1..46000", json_array_size(rows));
        return;
    }
    b->locations = (int32_t)json_array_size(rows);
    if (b->by_index) return;
    json_array_foreach(json_object_get(b->root, "vehicles"), i, m)
        name_add(b, &b->profiles, or_usual(json_text(&b->r, NULL, m, "profile"), "car"));
    gather_all(b);
    b->locations = b->places_n;
    if (b->r.bad == HAUL_OK && b->places_n == 0)
        json_wrong(&b->r, HAUL_E_INVALID, NULL, NULL, "neither matrices nor places");
    if (b->r.bad == HAUL_OK && b->o->places == NULL)
        json_wrong(&b->r, HAUL_E_INVALID, NULL, "matrices", "are missing, and there are no roads to make them from");
}

static void count_dims(struct build *b, const json_t *list, const char *field)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
    {
        const size_t n = json_array_size(json_object_get(o, field));
        if (n > (size_t)b->dims) b->dims = n > HAUL_DIMS ? HAUL_DIMS : (int32_t)n;
    }
}

static void find_sizes(struct build *b)
{
    const json_t *vehicles = json_array_of(&b->r, NULL, b->root, "vehicles"),
                 *jobs = json_array_of(&b->r, NULL, b->root, "jobs");
    const json_t *shipments = json_array_of(&b->r, NULL, b->root, "shipments");
    count_dims(b, vehicles, "capacity");
    count_dims(b, jobs, "delivery");
    count_dims(b, jobs, "pickup");
    count_dims(b, shipments, "amount");
    size_t i;
    json_t *o;
    bool any = false;
    json_array_foreach(jobs, i, o) any |= json_object_get(o, "service_per_type") != NULL;
    json_array_foreach(shipments, i, o) any |=
        json_object_get(json_object_get(o, "pickup"), "service_per_type") != NULL ||
        json_object_get(json_object_get(o, "delivery"), "service_per_type") != NULL;
    if (!any) return;
    json_array_foreach(vehicles, i, o) name_add(b, &b->types, or_usual(json_text(&b->r, NULL, o, "type"), ""));
    if (b->types.n > 1000) json_wrong(&b->r, HAUL_E_LIMIT, NULL, "vehicles", "more than 1000 types");
}

static void add_docks(struct build *b)
{
    const json_t *docks = json_object_of(&b->r, NULL, b->root, "docks");
    const struct path at = {NULL, "docks", 0};
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)docks, key, v)
    {
        const int64_t places = json_whole(&b->r, &at, docks, key, 1, 1, HAUL_MAX_TASKS);
        int32_t index;
        struct haul_error why;
        name_add(b, &b->docks, haul_str_of(key));
        if (b->r.bad == HAUL_OK) refuse(b, &at, haul_problem_add_dock(b->p, (int32_t)places, &index, &why), &why);
    }
}

static void add_profiles(struct build *b)
{
    const struct path top = {NULL, "matrices", 0};
    const json_t *old = json_object_get(b->root, "matrix");
    for (int32_t i = 0; b->r.bad == HAUL_OK && i < b->profiles.n; i++) {
        int32_t index;
        struct haul_error why;
        const struct path at = {&top, b->profiles.name[i], 0};
        refuse(b, &at, haul_problem_add_profile(b->p, &index, &why), &why);
        if (b->r.bad != HAUL_OK) return;
        const json_t *m = json_object_get(json_object_get(b->root, "matrices"), b->profiles.name[i]);
        if (!b->by_index) {
            fill_from_places(b, i);
        } else if (m != NULL) {
            set_matrices(b, i, &at, m);
        } else {
            json_t *wrap = json_pack("{s:O}", "durations", old);
            set_matrices(b, i, &at, wrap);
            json_decref(wrap);
        }
        if (b->r.bad == HAUL_OK) set_speeds(b, i);
    }
}

typedef void add_fn(struct build *b, const struct path *at, const json_t *o);

static void each(struct build *b, const char *field, add_fn *add)
{
    const json_t *list = json_array_of(&b->r, NULL, b->root, field);
    const struct path at = {NULL, field, 0};
    for (size_t i = 0; b->r.bad == HAUL_OK && i < json_array_size(list); i++) {
        const struct path one = {&at, NULL, i};
        add(b, &one, json_array_get(list, i));
    }
}

static void build_all(struct build *b)
{
    struct haul_error why;
    find_sizes(b);
    find_profiles(b);
    if (b->r.bad != HAUL_OK) return;
    refuse(b, NULL, haul_problem_new(b->locations, b->dims, &b->p, &why), &why);
    if (b->r.bad != HAUL_OK) return;
    haul_problem_scales(b->p, (struct haul_scales){SECOND, 1, COST_UNIT});
    if (b->types.n > 1) refuse(b, NULL, haul_problem_set_classes(b->p, b->types.n, &why), &why);
    add_docks(b);
    add_profiles(b);
    each(b, "jobs", add_job);
    each(b, "shipments", add_shipment);
    if (b->r.bad == HAUL_OK) sort_known(b);
    each(b, "vehicles", add_vehicle);
    if (b->r.bad == HAUL_OK) refuse(b, NULL, haul_problem_check(b->p, &why), &why);
}

enum haul_err read_json(struct haul_str bytes, const struct haul_read_options *o, struct haul_problem **out,
                        struct haul_error *e)
{
    json_error_t where;
    json_t *root = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL)
        return haul_fail(e, HAUL_E_INVALID, "line %d, column %d: %s", where.line, where.column, where.text);
    struct build b = {.r = {.e = e}, .o = o, .root = root};
    build_all(&b);
    json_decref(root);
    names_free(&b.profiles);
    names_free(&b.types);
    names_free(&b.docks);
    free(b.places);
    free(b.known);
    if (b.r.bad == HAUL_OK) {
        *out = b.p;
        return HAUL_OK;
    }
    haul_problem_free(b.p);
    return b.r.bad;
}
