# Rules are programs: each says what it refuses at its head.
rule_checks = tests/check-floors tests/rules/banned tests/rules/exports \
	tests/rules/format tests/rules/headers tests/rules/lengths
TESTS += $(rule_checks)
EXTRA_DIST += $(rule_checks)
