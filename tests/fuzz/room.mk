# libFuzzer's targets.  With --enable-fuzzers it drives them (tests/fuzz/run);
# in every other build they see the committed seeds once, as a test.
fuzz_targets = tests/fuzz/auth tests/fuzz/cursor tests/fuzz/entity \
	tests/fuzz/fastcgi tests/fuzz/filter tests/fuzz/predicate \
	tests/fuzz/ref tests/fuzz/token
check_PROGRAMS += $(fuzz_targets)
fuzz_base = tests/fuzz/fuzz.c tests/fuzz/fuzz.h
if !FUZZERS
fuzz_base += tests/fuzz/replay.c
endif
fuzz_ldadd = $(built_library) $(DEPS_LIBS) $(FUZZ_LDFLAGS)
fuzz_tree = tests/fuzz/tree.c tests/fuzz/tree.h
tests_fuzz_auth_SOURCES = tests/fuzz/auth.c $(fuzz_base)
tests_fuzz_auth_LDADD = $(fuzz_ldadd)
tests_fuzz_cursor_SOURCES = tests/fuzz/cursor.c $(fuzz_tree) $(fuzz_base)
tests_fuzz_cursor_LDADD = $(fuzz_ldadd)
tests_fuzz_entity_SOURCES = tests/fuzz/entity.c $(fuzz_base)
tests_fuzz_entity_LDADD = $(fuzz_ldadd)
tests_fuzz_fastcgi_SOURCES = tests/fuzz/fastcgi.c $(fuzz_base)
tests_fuzz_fastcgi_LDADD = $(fuzz_ldadd)
tests_fuzz_filter_SOURCES = tests/fuzz/filter.c $(fuzz_tree) $(fuzz_base)
tests_fuzz_filter_LDADD = $(fuzz_ldadd)
tests_fuzz_predicate_SOURCES = tests/fuzz/predicate.c $(fuzz_tree) $(fuzz_base)
tests_fuzz_predicate_LDADD = $(fuzz_ldadd)
tests_fuzz_ref_SOURCES = tests/fuzz/ref.c $(fuzz_base)
tests_fuzz_ref_LDADD = $(fuzz_ldadd)
tests_fuzz_token_SOURCES = tests/fuzz/token.c $(fuzz_base)
tests_fuzz_token_LDADD = $(fuzz_ldadd)

TESTS += tests/fuzz/seeds.sh
EXTRA_DIST += tests/fuzz/seeds.sh tests/fuzz/run tests/fuzz/lsan.supp \
	tests/fuzz/seeds

fuzzers: libcallboard.la
	$(MAKE) $(AM_MAKEFLAGS) $(fuzz_targets)
.PHONY: fuzzers
