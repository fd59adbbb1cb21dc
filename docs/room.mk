# Everything below docs/ is part of a release.
EXTRA_DIST += docs
