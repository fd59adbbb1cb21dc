# tests of base
check_PROGRAMS += tests/base/test_ctx tests/base/test_str tests/base/test_board
TESTS += tests/base/test_ctx tests/base/test_str tests/base/test_board
tests_base_test_ctx_SOURCES = tests/base/test_ctx.c
tests_base_test_ctx_LDADD = $(test_ldadd)
tests_base_test_str_SOURCES = tests/base/test_str.c
tests_base_test_str_LDADD = $(test_ldadd)
tests_base_test_board_SOURCES = tests/base/test_board.c
tests_base_test_board_LDADD = $(test_ldadd)
check_PROGRAMS += tests/base/test_diff
TESTS += tests/base/test_diff
tests_base_test_diff_SOURCES = tests/base/test_diff.c
tests_base_test_diff_LDADD = $(test_ldadd)
check_PROGRAMS += tests/base/test_hide
TESTS += tests/base/test_hide
tests_base_test_hide_SOURCES = tests/base/test_hide.c
tests_base_test_hide_LDADD = $(test_ldadd)
