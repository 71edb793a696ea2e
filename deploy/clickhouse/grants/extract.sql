-- An extraction reads the views of the feeds and the links, and writes databases of projects only.
GRANT SELECT ON chainon.* TO extract;
-- What is not for readers: tables, where records came from, the ledger. A view of a feed needs no line here.
REVOKE SELECT ON chainon.feed_* FROM extract;
REVOKE SELECT ON chainon.witness_* FROM extract;
REVOKE SELECT ON chainon.origin_* FROM extract;
REVOKE SELECT ON chainon.record_* FROM extract;
REVOKE SELECT ON chainon.ledger_verified FROM extract;
REVOKE SELECT ON chainon.link_index FROM extract;
REVOKE SELECT ON chainon.person_link FROM extract;
REVOKE SELECT ON chainon.person_link_scored FROM extract;
-- A project has the persons that it declares, and no mixture.
REVOKE SELECT ON chainon.person_current FROM extract;
-- Of the persons by the model: those of now, and what has changed, for projects that declare `persons: scored`.
REVOKE SELECT ON chainon.person_link_scored_at FROM extract;
REVOKE SELECT ON chainon.person_link_history FROM extract;
REVOKE SELECT ON chainon.person_link_history_rows FROM extract;
REVOKE SELECT ON chainon.quarantine FROM extract;
REVOKE SELECT ON chainon.rule_outcome FROM extract;
REVOKE SELECT ON chainon.finding FROM extract;
REVOKE SELECT ON chainon.receipt FROM extract;
REVOKE SELECT ON chainon.producer_hour FROM extract;
REVOKE SELECT ON chainon.failure FROM extract;
REVOKE SELECT ON chainon.receipt_place FROM extract;
REVOKE SELECT ON chainon.log_identity FROM extract;
REVOKE SELECT ON chainon.schema_migration FROM extract;
REVOKE SELECT ON chainon.policy_version FROM extract;
REVOKE SELECT ON chainon.insert_fence FROM extract;
REVOKE SELECT ON chainon.access_journal FROM extract;
-- The fingerprints of the keys of projects.
GRANT INSERT ON chainon.key_fingerprint TO extract;
GRANT CREATE DATABASE, DROP DATABASE, CREATE TABLE, DROP TABLE, SELECT, INSERT, OPTIMIZE ON project_*.* TO extract;
GRANT SELECT ON system.tables TO extract;
GRANT SELECT ON system.databases TO extract;
-- A connection begins in this database; there is nothing in it.
GRANT SHOW DATABASES ON default.* TO extract;
