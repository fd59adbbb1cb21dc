# tests of jobs
check_PROGRAMS += tests/jobs/test_jobs
TESTS += tests/jobs/test_jobs
tests_jobs_test_jobs_SOURCES = tests/jobs/test_jobs.c
tests_jobs_test_jobs_LDADD = $(stores_ldadd)
