# aviso: one non-recursive makefile. Variants build side by side, as build/V: make V=asan test.
# `make help` lists the targets. VERBOSE=1 shows the commands. See HACKING.md.
.DEFAULT_GOAL := all
V       ?= release
O       := build/$(V)
VERSION := 0.1.0
prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
datadir ?= $(prefix)/share/aviso
mandir  ?= $(prefix)/share/man
setupdir ?= $(prefix)/lib/aviso
docdir  ?= $(prefix)/share/doc/aviso
INSTALL ?= install
CLANG   ?= clang

ifeq ($(filter $(V),release fault asan tsan fuzz cov),)
$(error V=$(V): no such variant; known: release fault asan tsan fuzz cov)
endif
ifeq ($(V),fuzz)
CC := $(CLANG)
endif
ifneq ($(VERBOSE),1)
Q := @
say = @printf '  %-7s %s\n' '$(1)' '$(2)';
endif

# ---- flags -------------------------------------------------------------------------------------
# build/config.mk (PKG_CFLAGS, PKG_LIBS) is written once the build's packages are there.
PKGS    := libxml-2.0 xmlsec1-openssl libxslt libexslt libcrypto libssl libcurl sqlite3 libmicrohttpd libpcre2-8 \
           json-c zlib gmp libseccomp libqrencode
WARN    := -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wpointer-arith -Wformat=2 -Wno-format-truncation -Wno-unknown-warning-option -Wundef -Wvla \
           -Wimplicit-fallthrough -fno-common
# clang sees casts in libxml2's macros that gcc, which checks ours, takes as the system's.
WARN_CLANG := -Wno-cast-qual
HARDEN  := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 $(HARDEN)
CFLAGS_fault   := $(CFLAGS_release) -DFAULT_POINTS
CFLAGS_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -DFAULT_POINTS
CFLAGS_tsan    := -O1 -g -fsanitize=thread -DFAULT_POINTS
CFLAGS_cov     := -O0 -g --coverage -DFAULT_POINTS
CFLAGS_fuzz    := $(WARN_CLANG) -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -DFUZZING
LDFLAGS_release := -pie
LDFLAGS_fault   := -pie
BASEFLAGS = -std=c17 -D_GNU_SOURCE -I. -pthread $(WARN) $(PKG_CFLAGS)
ALLCFLAGS = $(BASEFLAGS) $(CFLAGS_$(V)) $(CFLAGS)
ALLLDFLAGS = -pthread $(filter -fsanitize=% --coverage,$(CFLAGS_$(V))) $(LDFLAGS_$(V)) -Wl,-z,relro,-z,now $(LDFLAGS)
ALLLIBS   = $(PKG_LIBS) $(LDLIBS)

NO_CONFIG := help clean deps
ifneq ($(filter-out $(NO_CONFIG),$(or $(MAKECMDGOALS),all)),)
include build/config.mk
endif
build/config.mk: packaging/debian-packages packaging/deps Makefile
	@packaging/deps build
	@mkdir -p build
	@pkg-config --print-errors --exists $(PKGS)
	@{ echo "PKG_CFLAGS := $$(pkg-config --cflags $(PKGS) | sed 's/-I/-isystem /g')"; \
	   echo "PKG_LIBS := $$(pkg-config --libs $(PKGS)) -lunbound -lm"; } >$@.tmp && mv $@.tmp $@

# ---- what there is -----------------------------------------------------------------------------
LIB_SRC := $(filter-out ap/cli/main.c,$(sort $(wildcard ap/*/*.c ubl/*.c ubl/*/*.c)))
HEADERS := $(filter-out %_priv.h,$(sort $(wildcard ap/*/*.h ubl/*.h ubl/*/*.h)))
LIB     := $(O)/libaviso.a
BIN     := $(O)/aviso
SUPPORT := $(O)/tests/libsupport.a
SUPPORT_OBJ := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/support/*.c)))
UNIT    := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/unit/test_*.c)))
# Programs with threads of their own: run under TSan by `make check`. By name, or listed here.
THREADED := $(filter %_thr,$(UNIT))
FUZZ    := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
CORPUS  := $(FUZZ:$(O)/tests/fuzz/fuzz_%=$(O)/tests/fuzz/corpus_%)
# C programs of the fault suite: built with FAULT_POINTS (V=fault), run by a tests/fault/test_*.sh.
FAULTS  := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/fault/fault_*.c)))
# Preloaded into the program by tests/fault/*.py: lets its system calls fail.
SHIM    := $(O)/tests/fault/shim.so
BENCH   := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/bench/bench_*.c)))
PEERS   := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/interop/*.c)))

# ---- build -------------------------------------------------------------------------------------
all: program data
program: $(if $(filter release,$(V)),build/aviso build/libaviso.a,$(BIN))
build/aviso build/libaviso.a: build/%: build/release/%
	@ln -sf release/$* $@
$(BIN): $(O)/ap/cli/main.o $(LIB)
	$(call say,LD,$@)$(CC) $(ALLLDFLAGS) -o $@ $^ $(ALLLIBS)
$(LIB): $(LIB_SRC:%.c=$(O)/%.o) $(O)/sources
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALLCFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<
# Compiled in with .incbin, which the compiler does not tell as a dependency.
$(O)/ubl/render/resource.o: ubl/render/page.xsl ubl/render/page.css ubl/render/labels.xml
$(O)/ap/cli/%.o: CPPFLAGS += -DAVISO_VERSION='"$(VERSION)"'
$(SUPPORT): $(SUPPORT_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^
$(UNIT) $(FAULTS): $(O)/%: $(O)/%.o $(SUPPORT) $(LIB)
	$(call say,LD,$@)$(CC) $(ALLLDFLAGS) -o $@ $^ -lcmocka $(ALLLIBS)
$(SHIM): tests/fault/shim.c tests/fault/shim.h $(O)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(BASEFLAGS) -O2 -fPIC -shared -fno-builtin -o $@ $<
$(BENCH): $(O)/%: $(O)/%.o $(SUPPORT) $(LIB)
	$(call say,LD,$@)$(CC) $(ALLLDFLAGS) -o $@ $^ $(ALLLIBS)
$(PEERS): $(O)/%: $(O)/%.o $(SUPPORT) $(LIB)
	$(call say,LD,$@)$(CC) $(ALLLDFLAGS) -o $@ $^ $(ALLLIBS)
$(FUZZ): $(O)/%: $(O)/%.o $(SUPPORT) $(LIB)
	$(call say,LD,$@)$(CC) $(ALLLDFLAGS) -fsanitize=fuzzer -o $@ $^ $(ALLLIBS)
$(CORPUS): $(O)/tests/fuzz/corpus_%: $(O)/tests/fuzz/fuzz_%.o $(O)/tests/fuzz/standalone.o $(SUPPORT) $(LIB)
	$(call say,LD,$@)$(CC) $(ALLLDFLAGS) -o $@ $^ $(ALLLIBS)

# Rewritten only when their text changes: other flags or another set of sources rebuild what depends on them.
stamp = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@
$(O)/flags: FORCE
	$(call stamp,$(CC) $(ALLCFLAGS))
$(O)/sources: FORCE
	$(call stamp,$(LIB_SRC))

# ---- artefacts and keys ------------------------------------------------------------------------
data: build/data/manifest.tsv
build/data/manifest.tsv: schemas/MANIFEST schemas/install schemas/catalogue certs/anchors $(wildcard schemas/drivers/*)
	@schemas/install build/data && touch $@
pki: build/pki/version
build/pki/version: certs/make-pki
	@certs/make-pki build/pki && touch $@

# ---- tests -------------------------------------------------------------------------------------
units: $(UNIT)
faults: $(FAULTS) $(SHIM)
corpora: $(CORPUS)
threaded: $(THREADED)
peers: $(PEERS)
test: deps-test data pki $(UNIT)
	@. tests/support/env && tests/run -l $(V) -t 600 $(UNIT)
coverage: deps-test
	+@find build/cov -name '*.gcda' -delete 2>/dev/null; $(MAKE) --no-print-directory V=cov test
	@tests/coverage
check: deps-test
	+@MAKE='$(MAKE)' tests/check
# Every public header compiles alone, with both compilers; every source is clean under clang too.
headers: $(foreach c,gcc clang,$(HEADERS:%=build/syntax/$(c)/%.ok))
sources: $(patsubst %,build/syntax/clang/%.ok,$(LIB_SRC) ap/cli/main.c $(wildcard tests/unit/*.c tests/support/*.c tests/fuzz/*.c tests/bench/*.c tests/fault/*.c tests/interop/*.c))
SYNTAX = @mkdir -p $(@D); $(1) $(BASEFLAGS) -fsyntax-only -MMD -MP -MF $(@:.ok=.d) -MT $@
build/syntax/gcc/%.h.ok: %.h Makefile
	$(call SYNTAX,gcc) -x c -include $< /dev/null && touch $@
build/syntax/clang/%.h.ok: %.h Makefile
	$(call SYNTAX,$(CLANG)) $(WARN_CLANG) -x c -include $< /dev/null && touch $@
build/syntax/clang/%.c.ok: %.c Makefile
	$(call SYNTAX,$(CLANG)) $(WARN_CLANG) $(CPPFLAGS) $< && touch $@
build/syntax/clang/ap/cli/%.ok: CPPFLAGS += -DAVISO_VERSION='"$(VERSION)"'
lint: deps-test
	+@MAKE='$(MAKE)' tests/run -t 900 tests/lint/run
# clang-tidy, a file at a time, and again only when it or its headers changed. Lint asks it about the files
# that differ from main.
TIDY = $(patsubst %,build/syntax/tidy/%.ok,$(1))
CHANGED = $(shell command -v git >/dev/null || exit 0; git diff --name-only --diff-filter=d $$(git merge-base HEAD main 2>/dev/null || echo HEAD) 2>/dev/null; \
            git ls-files -o --exclude-standard)
tidy: $(call TIDY,$(LIB_SRC) ap/cli/main.c)
tidy-changed: $(call TIDY,$(filter $(LIB_SRC) ap/cli/main.c,$(CHANGED)))
build/syntax/tidy/%.c.ok: build/syntax/clang/%.c.ok .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY,$*.c)clang-tidy --quiet $*.c -- $(BASEFLAGS) $(WARN_CLANG) $(CPPFLAGS) 2>$(@:.ok=.log) || { cat $(@:.ok=.log); exit 1; }
	@touch $@
build/syntax/tidy/ap/cli/%.ok: CPPFLAGS += -DAVISO_VERSION='"$(VERSION)"'
fuzz: deps-test
	+@$(MAKE) --no-print-directory V=fuzz fuzzers
	@tests/fuzz/run $(or $(TIME),60)
fuzzers: $(FUZZ)
demo: program data pki
	@tests/demo/run
bench: program data pki $(BENCH)
	@tests/bench/run
interop: deps-interop program data pki $(PEERS)
	@tests/interop/run
conformance: deps-test program data pki
	@. tests/support/env && tests/conformance/rehearse build/conformance
torture: program data pki
	+@$(MAKE) --no-print-directory V=fault faults
	@SEED='$(SEED)' DOCS='$(DOCS)' TIME='$(TIME)' PARTS='$(PARTS)' tests/fault/run_torture
soak: program data pki
	@. tests/support/env && TIME='$(TIME)' tests/fault/soak.py
parity: program data
	@tests/parity/run
deps-build deps-test deps-interop: deps-%:
	@packaging/deps $*
deps: deps-build deps-test

# ---- install -----------------------------------------------------------------------------------
DATA_PARTS := catalogue codelists rules trust xsd manifest.tsv
# What `aviso rules install` and `aviso testnet` run: laid out as here, since they find each other so.
SETUP_RUN  := schemas/install certs/make-pki packaging/deps
SETUP_DATA := schemas/MANIFEST schemas/catalogue certs/anchors packaging/debian-packages $(wildcard schemas/drivers/*)
MANPAGES    = $(wildcard docs/man/*.[1-8] build/man/*.[1-8])
UNITS      := $(wildcard packaging/systemd/*.service packaging/systemd/*.socket packaging/systemd/*.timer)
man: program
	@packaging/man build/release/aviso build/man
install: man data
	$(MAKE) --no-print-directory install-files
install-files:
	$(INSTALL) -D -m 755 build/release/aviso $(DESTDIR)$(bindir)/aviso
	cd build/data && rm -rf $(addprefix $(DESTDIR)$(datadir)/,$(DATA_PARTS)) && \
	  find $(DATA_PARTS) -type f -exec $(INSTALL) -D -m 644 {} $(DESTDIR)$(datadir)/{} \;
	for f in README.md ARCHITECTURE.md LICENSE docs/*.md; do \
	  [ ! -f $$f ] || $(INSTALL) -D -m 644 $$f $(DESTDIR)$(docdir)/$${f##*/}; done
	for f in $(MANPAGES); do $(INSTALL) -D -m 644 $$f $(DESTDIR)$(mandir)/man$${f##*.}/$${f##*/}; done
	for f in $(UNITS); do mkdir -p $(DESTDIR)$(prefix)/lib/systemd/system && \
	  sed 's|@bindir@|$(bindir)|g' $$f >$(DESTDIR)$(prefix)/lib/systemd/system/$${f##*/}; done
	$(INSTALL) -D -m 644 build/man/aviso.conf.example $(DESTDIR)$(docdir)/aviso.conf
	$(INSTALL) -D -m 644 packaging/systemd/aviso.sysusers $(DESTDIR)$(prefix)/lib/sysusers.d/aviso.conf
	$(INSTALL) -D -m 644 packaging/systemd/aviso.tmpfiles $(DESTDIR)$(prefix)/lib/tmpfiles.d/aviso.conf
	for f in $(SETUP_RUN); do $(INSTALL) -D -m 755 $$f $(DESTDIR)$(setupdir)/$$f; done
	for f in $(SETUP_DATA); do $(INSTALL) -D -m 644 $$f $(DESTDIR)$(setupdir)/$$f; done
	$(INSTALL) -D -m 644 build/man/completion.bash $(DESTDIR)$(prefix)/share/bash-completion/completions/aviso
	$(INSTALL) -D -m 644 build/man/completion.zsh $(DESTDIR)$(prefix)/share/zsh/site-functions/_aviso
	$(INSTALL) -D -m 644 build/man/completion.fish $(DESTDIR)$(prefix)/share/fish/vendor_completions.d/aviso.fish
uninstall:
	rm -f $(DESTDIR)$(bindir)/aviso $(DESTDIR)$(prefix)/share/bash-completion/completions/aviso
	rm -f $(DESTDIR)$(prefix)/share/zsh/site-functions/_aviso $(DESTDIR)$(prefix)/share/fish/vendor_completions.d/aviso.fish
	rm -f $(DESTDIR)$(mandir)/man[1-8]/aviso.* $(DESTDIR)$(mandir)/man[1-8]/aviso-*
	rm -f $(foreach f,$(UNITS),$(DESTDIR)$(prefix)/lib/systemd/system/$(notdir $f))
	rm -f $(DESTDIR)$(prefix)/lib/sysusers.d/aviso.conf $(DESTDIR)$(prefix)/lib/tmpfiles.d/aviso.conf
	rm -rf $(addprefix $(DESTDIR)$(datadir)/,$(DATA_PARTS) .made-from) $(DESTDIR)$(docdir) $(DESTDIR)$(setupdir)

# ---- clean, help -------------------------------------------------------------------------------
clean:
	rm -rf build
help:
	@echo 'make            build/aviso, build/libaviso.a, and the official artefacts in build/data'
	@echo 'make program    only the program and the library (no artefacts)'
	@echo 'make test       unit tests of one variant: make V=asan test (release fault asan tsan cov)'
	@echo 'make check      everything that CI runs: lint, units (release, asan, tsan), fuzz corpora, scripts'
	@echo 'make coverage   lines that the unit tests execute, by module'
	@echo 'make lint       layers, headers, format, sizes, names; make tidy: clang-tidy'
	@[ ! -x tests/demo/run ] || echo 'make demo       an invoice from C1 to C4 through a whole network on this machine'
	@[ ! -x tests/bench/run ] || echo 'make bench      CPU, memory and start-up figures beside their floors'
	@echo 'make torture    every fault in turn, then all at random: SEED=1 DOCS=10000 TIME=600; PARTS=torture.py: that alone'
	@echo 'make soak       memory and descriptors under steady load, TIME=600'
	@echo 'make interop    live tests with Java peers (installs a JDK and Maven)'
	@[ ! -x tests/parity/run ] || echo 'make parity     verdicts of the rule engine against those of the reference processor'
	@echo 'make conformance  the rehearsal of the testbed cases against a testnet; report in build/conformance'
	@echo 'make fuzz       libFuzzer on every target, TIME=60 seconds each'
	@echo 'make install    DESTDIR= prefix=/usr/local; make uninstall'
	@echo 'make deps       install the Debian packages that are missing (done by the others as needed)'
	@echo 'make clean      remove build/'
	@echo 'Variables: V=variant VERBOSE=1 DESTDIR= prefix=/usr/local AVISO_ARTEFACTS=folder (instead of the network)'

FORCE:
-include $(shell find $(O) build/syntax -name '*.d' 2>/dev/null)
.PHONY: all program data pki units faults corpora threaded peers test coverage check headers sources lint tidy tidy-changed fuzz fuzzers demo bench interop conformance torture soak parity install uninstall deps deps-build deps-test deps-interop clean help FORCE install-files man
.SECONDARY:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
