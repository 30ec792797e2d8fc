/* fault.h - named points where a test may crash, delay or fail us. Nothing in release builds.
 *
 * In builds with -DFAULT_POINTS the environment AVISO_FAULT holds `name=action[@n]`,
 * comma-separated; action: `kill` (SIGKILL to ourselves), `abort`, `exit`, `delayMS` or an errno
 * name (EIO, ENOSPC, EDQUOT, EROFS, EMFILE, ENOMEM); @n: from the n-th hit on, `@n!`: at the n-th
 * hit only. AVISO_FAULT_LIST=FILE appends each point's name when it is first passed. FAULT() is 0,
 * or -1 with errno set. */
#ifndef AP_BASE_FAULT_H
#define AP_BASE_FAULT_H

#ifdef FAULT_POINTS
int fault_hit(const char *name);
#define FAULT(name) fault_hit(name)
#else
#define FAULT(name) 0
#endif

#endif
