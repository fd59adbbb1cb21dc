# tests of the stand-in tools
TESTS += tests/tools/test_tools.sh
EXTRA_DIST += tests/tools/test_tools.sh
