# Rules are programs: each says what it refuses at its head, and test_rules.sh
# shows each of them a fault.
rule_checks = tests/check-floors tests/rules/banned tests/rules/exports \
	tests/rules/exposure \
	tests/rules/format tests/rules/hardened tests/rules/headers \
	tests/rules/lengths
TESTS += $(rule_checks) tests/rules/test_rules.sh
EXTRA_DIST += $(rule_checks) tests/rules/test_rules.sh
