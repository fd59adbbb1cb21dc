# schema: SQL applied in order of its numbers, see db/migrate.h
schemadir = $(pkgdatadir)/schema
dist_schema_DATA = \
	schema/0001_house.sql \
	schema/0002_audit_chain.sql \
	schema/0003_history.sql \
	schema/0004_search.sql \
	schema/0005_refresh_keys.sql \
	schema/0006_supply.sql \
	schema/0007_half_read.sql \
	schema/0008_refresh_key_lower.sql \
	schema/0009_errors_at.sql \
	schema/0010_tokens.sql \
	schema/0011_policy.sql \
	schema/0012_audit_sink.sql \
	schema/0013_sessions.sql
