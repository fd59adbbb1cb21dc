# tests of crypto
check_PROGRAMS += tests/crypto/test_crypto
TESTS += tests/crypto/test_crypto
tests_crypto_test_crypto_SOURCES = tests/crypto/test_crypto.c
tests_crypto_test_crypto_LDADD = $(test_ldadd)
check_PROGRAMS += tests/crypto/test_rsa
TESTS += tests/crypto/test_rsa
tests_crypto_test_rsa_SOURCES = tests/crypto/test_rsa.c
tests_crypto_test_rsa_LDADD = $(test_ldadd)
