# The bench: run by hand, see docs/performance.md.
EXTRA_DIST += tests/bench/run tests/bench/tokens tests/bench/proc.sh tests/bench/scale.sh tests/bench/generate.mjs \
	tests/bench/requests.mjs tests/bench/requests.lua tests/bench/watch.mjs
# Cheap, and the same on a loaded machine: a test, too.
if HAVE_CMOCKA
TESTS += tests/bench/tokens
endif
