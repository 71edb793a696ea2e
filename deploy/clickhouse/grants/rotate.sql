-- `chainon keys rotate-pseudonyms` re-pseudonymises what is stored: it builds each table again beside it, and then replaces the rows of the table.
-- It runs rarely, so the rights are not those of curate, which always runs and removes no link.
GRANT CREATE TABLE, DROP TABLE, SELECT, INSERT ON chainon.rotation_* TO rotate;
GRANT INSERT, ALTER DELETE ON chainon.feed_* TO rotate;
GRANT INSERT, ALTER DELETE ON chainon.record_loaded TO rotate;
GRANT INSERT, ALTER DELETE ON chainon.record_origin TO rotate;
GRANT INSERT, ALTER DELETE ON chainon.record_missing TO rotate;
GRANT INSERT, ALTER DELETE ON chainon.person_link TO rotate;
GRANT INSERT, ALTER DELETE ON chainon.person_link_scored TO rotate;
GRANT INSERT, ALTER DELETE ON chainon.person_link_history TO rotate;
-- It looks for pseudonyms in every table, also in those that it does not know.
GRANT SELECT ON chainon.* TO rotate;
-- The key that is in force, and the linkage index that is made again under it.
GRANT INSERT ON chainon.key_fingerprint TO rotate;
GRANT INSERT ON chainon.link_index TO rotate;
GRANT SELECT ON system.tables TO rotate;
GRANT SELECT ON system.columns TO rotate;
-- Whether a statement still runs; not what it says.
GRANT SELECT(Settings, query_id) ON system.processes TO rotate;
-- A connection begins in this database; there is nothing in it.
GRANT SHOW DATABASES ON default.* TO rotate;
