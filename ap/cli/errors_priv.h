/* errors_priv.h - every error name: N(name, exit code, meaning, what to do). Sorted. Included by
 * errors.c alone; the manual page aviso-errors(7) and `aviso explain` are made from it. */
/* clang-format off */
N("config.file", SETUP, "A file named by the configuration cannot be read", "Correct the path or its permissions")
N("config.flag", USAGE, "--set expects SECTION.KEY=VALUE", "Correct the call")
N("config.lab-only", SETUP, "The option exists only in mode = lab", "Remove the option or change the mode")
N("config.missing", SETUP, "An option that has no default is not set", "Set it in aviso.conf")
N("config.mode", SETUP, "ap.mode is not set", "Set it to lab, test or production")
N("config.syntax", SETUP, "A configuration line cannot be read", "Correct the named line")
N("config.unknown-key", SETUP, "There is no such option", "Correct the name; the nearest one is shown")
N("config.value", SETUP, "An option has a value it cannot have", "Correct the named line")
