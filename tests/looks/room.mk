# The look of pages: mocks that are the specification, and what checks them.
# look.mjs needs a browser and npm packages; see its head.
TESTS += tests/looks/test_assets.sh
EXTRA_DIST += tests/looks/test_assets.sh tests/looks/look.mjs tests/looks/serve.mjs \
	tests/looks/shell.html tests/looks/bare.html tests/looks/home.html \
	tests/looks/catalog.html tests/looks/entity.html tests/looks/plugins.html \
	tests/looks/sign-in.html tests/looks/gallery.html tests/looks/error-404.html \
	tests/looks/error-500.html tests/looks/error-503.html \
	tests/looks/fragments/pagerduty.html
