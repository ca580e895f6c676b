/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * A strict reader of words and numbers, for the text formats. Every complaint names the line.
 */
#ifndef HAUL_SOLVER_TEXT_H
#define HAUL_SOLVER_TEXT_H

#include "haul/solver_io.h"

struct text {
    const char *p, *end;
    int32_t line;
};

struct text text_of(struct haul_str bytes);
bool text_end(struct text *t);             /* nothing but blanks is left */
struct haul_str text_word(struct text *t); /* up to the next blank; empty at the end */
struct haul_str text_line(struct text *t); /* the rest of the line without blanks at its ends */
/* The next word as a number. HAUL_E_INVALID, HAUL_E_RANGE: *e says what was wanted. */
enum haul_err text_number(struct text *t, const char *what, double low, double high, double *out, struct haul_error *e);
enum haul_err text_int(struct text *t, const char *what, int64_t low, int64_t high, int64_t *out, struct haul_error *e);
/* A decimal number that is the whole of s. */
bool text_parse_number(struct haul_str s, double *out);

/* ---- what the text formats have in common ---- */

struct point {
    double x, y;
};

/* How many units one unit of the file is, and how a way becomes whole. */
struct grid {
    int64_t scale;
    bool cut; /* down instead of to the nearest */
};
struct grid grid_of(enum haul_convention given, enum haul_convention usual);
int64_t grid_units(struct grid g, double value); /* to the nearest */
/* Straight lines between points as the problem's only table. */
enum haul_err grid_table(struct haul_problem *p, const struct point *points, struct grid g, struct haul_error *e);

enum haul_err read_solomon(struct text *t, enum haul_convention c, struct haul_problem **out, struct haul_error *e);
enum haul_err read_li_lim(struct text *t, enum haul_convention c, struct haul_problem **out, struct haul_error *e);
enum haul_err read_cordeau(struct text *t, enum haul_convention c, struct haul_problem **out, struct haul_error *e);
enum haul_err read_hvrp(struct text *t, enum haul_convention c, struct haul_problem **out, struct haul_error *e);
enum haul_err read_vrplib(struct text *t, enum haul_convention c, struct haul_problem **out, struct haul_error *e);
enum haul_err read_json(struct haul_str bytes, const struct haul_read_options *o, struct haul_problem **out,
                        struct haul_error *e);

#endif
