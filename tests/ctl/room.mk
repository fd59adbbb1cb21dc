# tests of ctl
TESTS += tests/ctl/test_ctl.sh
EXTRA_DIST += tests/ctl/test_ctl.sh
