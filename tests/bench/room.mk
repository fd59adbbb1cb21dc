# The bench: run by hand, see docs/performance.md.
EXTRA_DIST += tests/bench/run tests/bench/proc.sh tests/bench/scale.sh tests/bench/generate.mjs \
	tests/bench/requests.mjs tests/bench/requests.lua tests/bench/watch.mjs
