/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 */
#ifndef HAUL_VERSION_H
#define HAUL_VERSION_H

#define HAUL_VERSION "0.1.0"

/* Raised whenever a change of the code changes an answer for the same log. A task refuses to run steps of another
 * version. */
#define HAUL_ANSWER_VERSION 1

#endif
