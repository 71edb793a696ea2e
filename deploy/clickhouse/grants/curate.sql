-- curate loads batches, and removes the rows of a batch that was not finished. Tiles, links and findings are only added.
GRANT SELECT, INSERT, ALTER DELETE ON chainon.feed_* TO curate;
GRANT SELECT, INSERT, ALTER DELETE ON chainon.quarantine TO curate;
GRANT SELECT, INSERT, ALTER DELETE ON chainon.rule_outcome TO curate;
-- What the views of the witness missed when ClickHouse was killed after the table.
GRANT SELECT, INSERT, ALTER DELETE ON chainon.origin_loaded TO curate;
GRANT SELECT, ALTER DELETE ON chainon.origin_quarantined TO curate;
GRANT SELECT, INSERT, ALTER DELETE ON chainon.record_loaded TO curate;
-- What senders are told of a batch that is loaded again.
GRANT SELECT, ALTER DELETE ON chainon.record_origin TO curate;
GRANT SELECT, INSERT ON chainon.ledger_batch TO curate;
GRANT SELECT, INSERT ON chainon.person_link TO curate;
GRANT SELECT, INSERT ON chainon.person_link_scored TO curate;
GRANT SELECT, INSERT ON chainon.link_index TO curate;
GRANT SELECT, INSERT ON chainon.finding TO curate;
GRANT SELECT, INSERT ON chainon.insert_fence TO curate;
GRANT SELECT, INSERT ON chainon.key_fingerprint TO curate;
GRANT SELECT ON chainon.log_identity TO curate;
GRANT SYSTEM SYNC REPLICA ON chainon.* TO curate;
GRANT SELECT ON system.tables TO curate;
-- Whether an insert with a token still runs; not what it says.
GRANT SELECT(Settings, query_id) ON system.processes TO curate;
-- A connection begins in this database; there is nothing in it.
GRANT SHOW DATABASES ON default.* TO curate;
