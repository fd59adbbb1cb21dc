# Browser tests: run by ./check, which installs what tests/node names.
EXTRA_DIST += tests/browser/run.mjs tests/browser/sign_in.mjs tests/browser/pages.mjs \
	tests/node/package.json tests/node/package-lock.json
