# tests of policy
check_PROGRAMS += tests/policy/test_proof
TESTS += tests/policy/test_proof
tests_policy_test_proof_SOURCES = tests/policy/test_proof.c \
	tests/policy/world.c tests/policy/world.h \
	tests/policy/town.c tests/policy/town.h \
	tests/catalog/shelf.c tests/catalog/shelf.h
tests_policy_test_proof_LDADD = $(stores_ldadd)
check_PROGRAMS += tests/policy/test_policy
TESTS += tests/policy/test_policy
tests_policy_test_policy_SOURCES = tests/policy/test_policy.c \
	tests/catalog/shelf.c tests/catalog/shelf.h
tests_policy_test_policy_LDADD = $(stores_ldadd)
check_PROGRAMS += tests/policy/test_casbin
TESTS += tests/policy/test_casbin
tests_policy_test_casbin_SOURCES = tests/policy/test_casbin.c
tests_policy_test_casbin_LDADD = $(test_ldadd)
check_PROGRAMS += tests/policy/test_html
TESTS += tests/policy/test_html
tests_policy_test_html_SOURCES = tests/policy/test_html.c \
	tests/policy/world.c tests/policy/world.h \
	tests/web/pages/house.c tests/web/pages/house.h
tests_policy_test_html_LDADD = $(test_ldadd)
