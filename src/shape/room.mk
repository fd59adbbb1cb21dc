# shape: floor 6, the program that runs jq; the only one that links libjq
helper_PROGRAMS += callboard-shape
callboard_shape_SOURCES = src/shape/main.c
callboard_shape_CPPFLAGS =
callboard_shape_CFLAGS = $(AX_CFLAGS) $(WARN_CFLAGS) $(HELPER_CFLAGS)
callboard_shape_LINK = $(CCLD) $(callboard_shape_CFLAGS) $(CFLAGS) \
	$(HELPER_LDFLAGS) $(LDFLAGS) -o $@
callboard_shape_LDADD = -ljq
