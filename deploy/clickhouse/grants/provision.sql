-- provision creates the database, its tables and views, and adds columns. It deletes nothing but views.
GRANT CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP VIEW, ALTER ADD COLUMN, ALTER MODIFY COLUMN ON chainon.* TO provision;
-- CREATE OR REPLACE VIEW makes the view under another name and exchanges the two, for which ClickHouse wants the right to insert into a
-- view of any name. Tables of records, links and the ledger are taken out again.
GRANT SELECT, DROP TABLE ON chainon._tmp_replace_* TO provision;
GRANT INSERT ON chainon.* TO provision;
REVOKE INSERT ON chainon.feed_* FROM provision;
REVOKE INSERT ON chainon.ledger_* FROM provision;
REVOKE INSERT ON chainon.person_link FROM provision;
REVOKE INSERT ON chainon.person_link_scored FROM provision;
REVOKE INSERT ON chainon.link_index FROM provision;
REVOKE INSERT ON chainon.quarantine FROM provision;
REVOKE INSERT ON chainon.rule_outcome FROM provision;
REVOKE INSERT ON chainon.finding FROM provision;
REVOKE INSERT ON chainon.receipt FROM provision;
REVOKE INSERT ON chainon.record_missing FROM provision;
-- It makes the table of the access journal, and can neither add to it nor change it.
REVOKE INSERT, ALTER ADD COLUMN, ALTER MODIFY COLUMN ON chainon.access_journal FROM provision;
REVOKE INSERT ON chainon.key_fingerprint FROM provision;
GRANT SELECT, INSERT ON chainon.schema_migration TO provision;
GRANT SELECT, INSERT ON chainon.log_identity TO provision;
GRANT SELECT, INSERT ON chainon.policy_version TO provision;
-- It is the definer of the views: they read these tables, and write these, with its rights.
GRANT SELECT ON chainon.feed_* TO provision;
GRANT SELECT ON chainon.quarantine TO provision;
GRANT SELECT ON chainon.rule_outcome TO provision;
GRANT SELECT ON chainon.person_link TO provision;
GRANT SELECT ON chainon.person_link_scored TO provision;
-- The view person_current reads two views.
GRANT SELECT ON chainon.person_link_current TO provision;
GRANT SELECT ON chainon.person_link_scored_current TO provision;
GRANT SELECT, INSERT ON chainon.person_link_history TO provision;
GRANT SELECT, INSERT ON chainon.origin_loaded TO provision;
GRANT SELECT, INSERT ON chainon.origin_quarantined TO provision;
GRANT SELECT, INSERT ON chainon.record_loaded TO provision;
GRANT SELECT, INSERT ON chainon.record_origin TO provision;
GRANT SELECT ON chainon.receipt TO provision;
GRANT SELECT, INSERT ON chainon.producer_hour TO provision;
GRANT SELECT, INSERT ON chainon.failure TO provision;
GRANT SELECT, INSERT ON chainon.receipt_place TO provision;
GRANT SELECT ON system.tables TO provision;
GRANT SELECT ON system.columns TO provision;
GRANT SELECT ON system.clusters TO provision;
GRANT SELECT ON system.macros TO provision;
-- With CLICKHOUSE_CLUSTER also: GRANT CLUSTER ON *.* TO provision;
-- A connection begins in this database; there is nothing in it.
GRANT SHOW DATABASES ON default.* TO provision;
