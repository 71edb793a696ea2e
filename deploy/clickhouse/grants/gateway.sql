-- The gateway writes receipts, and tells senders what became of their records: where they are and why they failed, and nothing of what is in them.
GRANT SELECT, INSERT ON chainon.receipt TO gateway;
GRANT SELECT ON chainon.producer_hour TO gateway;
GRANT SELECT(feed, incarnation, partition, offset, prefix, record, version, deleted) ON chainon.record_origin TO gateway;
GRANT SELECT(feed, incarnation, partition, offset, prefix, record, version) ON chainon.record_loaded TO gateway;
GRANT SELECT(feed, incarnation, partition, offset) ON chainon.origin_quarantined TO gateway;
GRANT SELECT(feed, incarnation, partition, origin_offset, fault, pointer, rule, producer, received_at) ON chainon.quarantine TO gateway;
GRANT SELECT(feed, incarnation, partition, from_offset, to_offset, lost, loaded_at) ON chainon.ledger_batch TO gateway;
GRANT SELECT ON chainon.failure TO gateway;
GRANT SELECT ON chainon.receipt_place TO gateway;
-- A connection begins in this database; there is nothing in it.
GRANT SHOW DATABASES ON default.* TO gateway;
