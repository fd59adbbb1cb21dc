# ldap: the one door to libldap
libcallboard_la_SOURCES += src/ldap/ldap.c src/ldap/ldap.h
