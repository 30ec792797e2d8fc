/* csv.h - a list as spreadsheets write it, row after row (RFC 4180 and its dialects).
 *
 * Read: UTF-8 with or without BOM, UTF-16 with BOM, else Windows-1252; the separator `;` `,` tab or
 * `|` (the most frequent of the first line, or what a first line "sep=;" says); quoted cells with
 * "" and line breaks inside; CR LF or LF; empty lines are passed over. Limits: 128 MiB of text,
 * CSV_CELLS cells a row, CSV_CELL bytes a cell. One thread. */
#ifndef AP_BASE_CSV_H
#define AP_BASE_CSV_H

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"

#define CSV_MAX (128u << 20)
#define CSV_CELLS 256
#define CSV_CELL 65536

struct csv {
    struct buf text; /* UTF-8 */
    size_t at;
    char sep;
    int line; /* of the next row, from 1 */
};
struct csv_row {
    struct str cell[CSV_CELLS]; /* unquoted, trimmed; in the arena or in the text */
    size_t n;
    int line; /* where it begins */
};

/* csv.text (ERR_INPUT): too large, binary, or a broken UTF-16. csv_close in any case. */
int csv_open(struct csv *c, struct str bytes, struct err *e) MUST_CHECK;
void csv_close(struct csv *c);
/* 1 a row, 0 the end, -1: csv.quote or csv.size (ERR_INPUT) name the line. */
int csv_next(struct csv_row *row, struct csv *c, struct arena *a, struct err *e) MUST_CHECK;

#endif
