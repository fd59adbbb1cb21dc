# tests of ctl
TESTS += tests/ctl/test_ctl.sh tests/ctl/test_plugin.sh
EXTRA_DIST += tests/ctl/test_ctl.sh tests/ctl/test_plugin.sh
