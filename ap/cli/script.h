/* script.h - the scripts that some commands run, wherever this program lies. */
#ifndef AP_CLI_SCRIPT_H
#define AP_CLI_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* The path of NAME ("schemas/install", "certs/make-pki"): in a checkout, or where make install puts
 * it (PREFIX/lib/aviso). False: it is in neither. */
bool script_find(char *out, size_t n, const char *name);
/* PREFIX/share/aviso of an installed program, there or not yet; false in a checkout. */
bool script_data_dir(char *out, size_t n);

#endif
