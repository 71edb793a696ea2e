-- A reader sees the views of the feeds, the links in force and the quality of the rules, and writes nothing. A reader of a project gets
-- GRANT SELECT ON project_<id>.* instead: not project_*, because a build that runs has the identifiers of the warehouse in a database beside it.
GRANT SELECT ON chainon.* TO reader;
-- What is not for readers: tables, where records came from, the ledger. A view of a feed needs no line here.
REVOKE SELECT ON chainon.feed_* FROM reader;
REVOKE SELECT ON chainon.witness_* FROM reader;
REVOKE SELECT ON chainon.origin_* FROM reader;
REVOKE SELECT ON chainon.record_* FROM reader;
REVOKE SELECT ON chainon.ledger_verified FROM reader;
REVOKE SELECT ON chainon.link_index FROM reader;
REVOKE SELECT ON chainon.person_link FROM reader;
REVOKE SELECT ON chainon.person_link_scored FROM reader;
-- Persons by the model are in person_current; what they were and became is for operators.
REVOKE SELECT ON chainon.person_link_scored_current FROM reader;
REVOKE SELECT ON chainon.person_link_scored_at FROM reader;
REVOKE SELECT ON chainon.person_link_history FROM reader;
REVOKE SELECT ON chainon.person_link_history_rows FROM reader;
REVOKE SELECT ON chainon.person_change FROM reader;
REVOKE SELECT ON chainon.quarantine FROM reader;
REVOKE SELECT ON chainon.rule_outcome FROM reader;
REVOKE SELECT ON chainon.finding FROM reader;
REVOKE SELECT ON chainon.receipt FROM reader;
REVOKE SELECT ON chainon.producer_hour FROM reader;
REVOKE SELECT ON chainon.failure FROM reader;
REVOKE SELECT ON chainon.receipt_place FROM reader;
REVOKE SELECT ON chainon.log_identity FROM reader;
REVOKE SELECT ON chainon.schema_migration FROM reader;
REVOKE SELECT ON chainon.policy_version FROM reader;
REVOKE SELECT ON chainon.ledger_batch FROM reader;
REVOKE SELECT ON chainon.insert_fence FROM reader;
REVOKE SELECT ON chainon.access_journal FROM reader;
REVOKE SELECT ON chainon.key_fingerprint FROM reader;
REVOKE SELECT ON chainon.rotation_* FROM reader;
-- A connection begins in this database; there is nothing in it.
GRANT SHOW DATABASES ON default.* TO reader;
