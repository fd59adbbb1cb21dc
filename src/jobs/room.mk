# jobs: floor 2, schedules and claims in PostgreSQL
libcallboard_la_SOURCES += src/jobs/jobs.c src/jobs/jobs.h
