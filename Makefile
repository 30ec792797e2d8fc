# One non-recursive makefile. Variants build side by side: make V=asan test
V       ?= release
O       := build/$(V)
CC      ?= cc
PKGS    := libxml-2.0 xmlsec1-openssl libxslt libexslt libcrypto libssl libcurl sqlite3 libmicrohttpd libpcre2-8 json-c zlib gmp libseccomp
WARN    := -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wpointer-arith -Wformat=2 -Wno-format-truncation -Wundef -Wvla \
           -Wimplicit-fallthrough -fno-common
HARDEN  := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 $(HARDEN)
CFLAGS_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -DFAULT_POINTS
CFLAGS_tsan    := -O1 -g -fsanitize=thread -DFAULT_POINTS
CFLAGS_cov     := -O0 -g --coverage -DFAULT_POINTS
CFLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -DFUZZING
CFLAGS  += -std=c17 -D_GNU_SOURCE -I. -pthread $(WARN) $(CFLAGS_$(V)) $(shell pkg-config --cflags $(PKGS) | sed 's/-I/-isystem /g')
LDFLAGS += -pthread $(filter -fsanitize=% --coverage,$(CFLAGS_$(V))) -Wl,-z,relro,-z,now
LDLIBS  += $(shell pkg-config --libs $(PKGS)) -lunbound

LIB_SRC := $(filter-out ap/cli/main.c,$(wildcard ap/*/*.c ubl/*.c ubl/*/*.c))
LIB     := $(O)/libaviso.a
BIN     := $(O)/aviso
UNIT    := $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
FUZZ    := $(patsubst %.c,$(O)/%,$(wildcard tests/fuzz/fuzz_*.c))
HEADERS := $(filter-out %_priv.h,$(wildcard ap/*/*.h ubl/*.h ubl/*/*.h))

all: $(BIN)
$(BIN): $(O)/ap/cli/main.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(LIB): $(LIB_SRC:%.c=$(O)/%.o)
	@rm -f $@; $(AR) rcs $@ $^
$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<
$(UNIT): $(O)/%: $(O)/%.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)
$(FUZZ): $(O)/%: $(O)/%.o $(LIB)
	clang $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

test: $(UNIT)
	@tests/run $(UNIT)
fuzz:
	$(MAKE) V=fuzz CC=clang $(patsubst tests/fuzz/%.c,build/fuzz/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
headers:                       # every public header compiles alone
	@for h in $(HEADERS); do $(CC) $(CFLAGS) -fsyntax-only -x c -include $$h /dev/null || exit 1; done
lint: headers
	@tests/lint/layers
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')
tidy:
	clang-tidy --quiet $(LIB_SRC) -- $(CFLAGS)
clean:
	rm -rf build
-include $(shell find $(O) -name '*.d' 2>/dev/null)
.PHONY: all test fuzz headers lint tidy clean
.SECONDARY:
