-- The commands of an operator (chainon ledger, gap, finding). An accepted gap is a tile; nothing else is written but what the witness finds.
GRANT SELECT, INSERT ON chainon.ledger_batch TO operator;
GRANT SELECT ON chainon.quarantine TO operator;
GRANT SELECT ON chainon.feed_* TO operator;
GRANT SELECT, INSERT ON chainon.finding TO operator;
-- To compare the persons by the model with those that projects see.
GRANT SELECT ON chainon.person_link_current TO operator;
GRANT SELECT ON chainon.person_link_scored_current TO operator;
GRANT SELECT ON chainon.person_link_scored_at TO operator;
GRANT SELECT ON chainon.person_change TO operator;
GRANT SELECT, INSERT ON chainon.origin_loaded TO operator;
GRANT SELECT, INSERT ON chainon.origin_quarantined TO operator;
GRANT SELECT, INSERT ON chainon.record_loaded TO operator;
GRANT SELECT, INSERT ON chainon.record_missing TO operator;
GRANT SELECT, INSERT ON chainon.ledger_verified TO operator;
GRANT SELECT ON system.tables TO operator;
GRANT SELECT ON system.parts TO operator;
GRANT SELECT ON chainon.log_identity TO operator;
-- chainon feeds privacy --versions.
GRANT SELECT ON chainon.policy_version TO operator;
-- What a sender is told of a record that was put aside: its receipt and index.
GRANT SELECT ON chainon.receipt_place TO operator;
GRANT SELECT(receipt, feed, partition, from_offset, indexes, rule) ON chainon.receipt TO operator;
-- A connection begins in this database; there is nothing in it.
GRANT SHOW DATABASES ON default.* TO operator;
