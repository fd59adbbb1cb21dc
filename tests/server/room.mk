# tests of server
loop_rig = tests/server/loop_rig.c tests/server/loop_rig.h \
	tests/server/fcgi_client.c tests/server/fcgi_client.h
check_PROGRAMS += tests/server/test_charge tests/server/test_loop \
	tests/server/test_loop_faults
TESTS += tests/server/test_charge tests/server/test_loop \
	tests/server/test_loop_faults
tests_server_test_charge_SOURCES = tests/server/test_charge.c
tests_server_test_charge_LDADD = $(test_ldadd)
tests_server_test_loop_SOURCES = tests/server/test_loop.c $(loop_rig)
tests_server_test_loop_LDADD = $(test_ldadd)
tests_server_test_loop_faults_SOURCES = tests/server/test_loop_faults.c \
	$(loop_rig)
tests_server_test_loop_faults_LDADD = $(test_ldadd)
check_PROGRAMS += tests/server/test_systemd
TESTS += tests/server/test_systemd
tests_server_test_systemd_SOURCES = tests/server/test_systemd.c \
	tests/server/fcgi_client.c tests/server/fcgi_client.h
tests_server_test_systemd_LDADD = $(test_ldadd)
check_PROGRAMS += tests/server/test_sandbox
TESTS += tests/server/test_sandbox
tests_server_test_sandbox_SOURCES = tests/server/test_sandbox.c
tests_server_test_sandbox_LDADD = $(test_ldadd)
