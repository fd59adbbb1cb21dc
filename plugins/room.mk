# plugins: one folder each, installed into the plugin folder
plugin_LTLIBRARIES += ownership.la
ownership_la_SOURCES = plugins/ownership/ownership.c
ownership_la_LDFLAGS = $(plugin_ldflags)
ownership_la_LIBADD = libcallboard.la $(DEPS_LIBS)
plugin_LTLIBRARIES += jenkins.la
jenkins_la_SOURCES = plugins/jenkins/jenkins.c
jenkins_la_LDFLAGS = $(plugin_ldflags)
jenkins_la_LIBADD = libcallboard.la $(DEPS_LIBS)
plugin_LTLIBRARIES += sonarqube.la
sonarqube_la_SOURCES = plugins/sonarqube/sonarqube.c
sonarqube_la_LDFLAGS = $(plugin_ldflags)
sonarqube_la_LIBADD = libcallboard.la $(DEPS_LIBS)
