# tests of plugins, and the tiny plugins of tests/abi
abi_ldflags = $(plugin_ldflags) -rpath $(abs_builddir)/nowhere
check_LTLIBRARIES += tests/abi/plain.la
tests_abi_plain_la_SOURCES = tests/abi/plain.c
tests_abi_plain_la_LDFLAGS = $(abi_ldflags)
tests_abi_plain_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/newer.la
tests_abi_newer_la_SOURCES = tests/abi/newer.c
tests_abi_newer_la_LDFLAGS = $(abi_ldflags)
tests_abi_newer_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/major.la
tests_abi_major_la_SOURCES = tests/abi/major.c
tests_abi_major_la_LDFLAGS = $(abi_ldflags)
tests_abi_major_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/shrunk.la
tests_abi_shrunk_la_SOURCES = tests/abi/shrunk.c
tests_abi_shrunk_la_LDFLAGS = $(abi_ldflags)
tests_abi_shrunk_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/orphan.la
tests_abi_orphan_la_SOURCES = tests/abi/orphan.c
tests_abi_orphan_la_LDFLAGS = $(abi_ldflags)
tests_abi_orphan_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/wild.la
tests_abi_wild_la_SOURCES = tests/abi/wild.c
tests_abi_wild_la_LDFLAGS = $(abi_ldflags)
tests_abi_wild_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/misnamed.la
tests_abi_misnamed_la_SOURCES = tests/abi/misnamed.c
tests_abi_misnamed_la_LDFLAGS = $(abi_ldflags)
tests_abi_misnamed_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/unserved.la
tests_abi_unserved_la_SOURCES = tests/abi/unserved.c
tests_abi_unserved_la_LDFLAGS = $(abi_ldflags)
tests_abi_unserved_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/nosymbol.la
tests_abi_nosymbol_la_SOURCES = tests/abi/nosymbol.c
tests_abi_nosymbol_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_builddir)/nowhere
check_LTLIBRARIES += tests/abi/early.la
tests_abi_early_la_SOURCES = tests/abi/early.c
tests_abi_early_la_LDFLAGS = $(abi_ldflags)
tests_abi_early_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/leaver.la
tests_abi_leaver_la_SOURCES = tests/abi/leaver.c
tests_abi_leaver_la_LDFLAGS = $(abi_ldflags)
tests_abi_leaver_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/sleeper.la
tests_abi_sleeper_la_SOURCES = tests/abi/sleeper.c
tests_abi_sleeper_la_LDFLAGS = $(abi_ldflags)
tests_abi_sleeper_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/crash.la
tests_abi_crash_la_SOURCES = tests/abi/crash.c
tests_abi_crash_la_LDFLAGS = $(abi_ldflags)
tests_abi_crash_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/exits.la
tests_abi_exits_la_SOURCES = tests/abi/exits.c
tests_abi_exits_la_LDFLAGS = $(abi_ldflags)
tests_abi_exits_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/spin.la
tests_abi_spin_la_SOURCES = tests/abi/spin.c
tests_abi_spin_la_LDFLAGS = $(abi_ldflags)
tests_abi_spin_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/slow.la
tests_abi_slow_la_SOURCES = tests/abi/slow.c
tests_abi_slow_la_LDFLAGS = $(abi_ldflags)
tests_abi_slow_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/greedy.la
tests_abi_greedy_la_SOURCES = tests/abi/greedy.c
tests_abi_greedy_la_LDFLAGS = $(abi_ldflags)
tests_abi_greedy_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/failing.la
tests_abi_failing_la_SOURCES = tests/abi/failing.c
tests_abi_failing_la_LDFLAGS = $(abi_ldflags)
tests_abi_failing_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/crashstart.la
tests_abi_crashstart_la_SOURCES = tests/abi/crashstart.c
tests_abi_crashstart_la_LDFLAGS = $(abi_ldflags)
tests_abi_crashstart_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/failstart.la
tests_abi_failstart_la_SOURCES = tests/abi/failstart.c
tests_abi_failstart_la_LDFLAGS = $(abi_ldflags)
tests_abi_failstart_la_LIBADD = libcallboard.la
check_LTLIBRARIES += tests/abi/tool.la
tests_abi_tool_la_SOURCES = tests/abi/tool.c
tests_abi_tool_la_LDFLAGS = $(abi_ldflags)
tests_abi_tool_la_LIBADD = libcallboard.la
EXTRA_DIST += tests/abi/abi.h

# stray is linked against a library of another release, so that the loader
# finds the wrong symbol version in ours.
check_DATA = tests/abi/.libs/stray.so
EXTRA_DIST += tests/abi/stray.c tests/abi/otherhouse.c tests/abi/otherhouse.map
tests/abi/otherhouse/libcallboard.so.1: tests/abi/otherhouse.c \
		tests/abi/otherhouse.map
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(CC) -shared -fPIC -o $@ \
	  -Wl,-soname,libcallboard.so.1 \
	  -Wl,--version-script=$(srcdir)/tests/abi/otherhouse.map \
	  $(srcdir)/tests/abi/otherhouse.c
tests/abi/.libs/stray.so: tests/abi/stray.c tests/abi/abi.h \
		tests/abi/otherhouse/libcallboard.so.1
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(CC) $(AM_CPPFLAGS) $(DEPS_CFLAGS) \
	  -std=gnu11 -shared -fPIC -o $@ $(srcdir)/tests/abi/stray.c \
	  tests/abi/otherhouse/libcallboard.so.1
CLEANFILES += tests/abi/.libs/stray.so tests/abi/otherhouse/libcallboard.so.1

# Each includes its plugin's .c and stands in for the host.
# Flags of their own bring libtool back, which knows no rpath for a plain file.
plugin_wrap = -Wl,--wrap=cb_source_json,--wrap=cb_http_get,--wrap=cb_entity_get \
	-Wl,-rpath,$(abs_builddir)/.libs
EXTRA_DIST += tests/lib/plugin_test.h
check_PROGRAMS += plugins/ownership/test_ownership
TESTS += plugins/ownership/test_ownership
plugins_ownership_test_ownership_SOURCES = plugins/ownership/test_ownership.c
plugins_ownership_test_ownership_LDFLAGS = $(AM_LDFLAGS) $(plugin_wrap)
plugins_ownership_test_ownership_LDADD = $(test_ldadd)
check_PROGRAMS += plugins/jenkins/test_jenkins
TESTS += plugins/jenkins/test_jenkins
plugins_jenkins_test_jenkins_SOURCES = plugins/jenkins/test_jenkins.c
plugins_jenkins_test_jenkins_LDFLAGS = $(AM_LDFLAGS) $(plugin_wrap)
plugins_jenkins_test_jenkins_LDADD = $(test_ldadd)
check_PROGRAMS += plugins/sonarqube/test_sonarqube
TESTS += plugins/sonarqube/test_sonarqube
plugins_sonarqube_test_sonarqube_SOURCES = plugins/sonarqube/test_sonarqube.c
plugins_sonarqube_test_sonarqube_LDFLAGS = $(AM_LDFLAGS) $(plugin_wrap)
plugins_sonarqube_test_sonarqube_LDADD = $(test_ldadd)

TESTS += tests/abi/test_docs.sh
EXTRA_DIST += tests/abi/test_docs.sh
