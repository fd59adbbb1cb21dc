# tests of foreign
check_PROGRAMS += tests/foreign/test_foreign
TESTS += tests/foreign/test_foreign
tests_foreign_test_foreign_SOURCES = tests/foreign/test_foreign.c
tests_foreign_test_foreign_LDADD = $(test_ldadd)
EXTRA_DIST += tests/foreign/programs/builds.mjs \
	tests/foreign/programs/disk.sh tests/foreign/programs/fastcgi.py \
	tests/foreign/programs/weather.py
