-- The functions of other warehouses' SQL, as far as planning uses them, in DuckDB's. Each does what is said of the real
-- one, and where nothing is said, the worst: that is what the statements must stand.

-- Signed 64 bits, as all of them give.
CREATE OR REPLACE TEMP MACRO signed_hash(x) AS CAST(CAST(hash(x) AS HUGEINT) - 9223372036854775808 AS BIGINT);
-- Snowflake's HASH: never NULL, and a NULL is a value of its own.
CREATE OR REPLACE TEMP MACRO hash_of_all(x) AS signed_hash(x);
-- Databricks' xxhash64: a NULL leaves it as it is.
CREATE OR REPLACE TEMP MACRO hash_of_those(list) AS signed_hash(list_filter(list, lambda x : x IS NOT NULL));
-- BigQuery's FARM_FINGERPRINT: of a text, and NULL of NULL.
CREATE OR REPLACE TEMP MACRO farm_fingerprint(x) AS CASE WHEN x IS NOT NULL THEN signed_hash(CAST(x AS VARCHAR)) END;
-- Redshift's FNV_HASH: nothing is said of NULL: a NULL and '' may be one.
CREATE OR REPLACE TEMP MACRO fnv_hash(x) AS signed_hash(COALESCE(CAST(x AS VARCHAR), ''));
