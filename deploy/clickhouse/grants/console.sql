-- The console reads counts, and runs the ledger's witness: it writes what the witness knows and finds, and no record, link or tile.
-- It reads of the tables of the feeds where a row came from; ClickHouse has no grant of columns over tables that a pattern names.
GRANT SELECT ON chainon.ledger_batch TO console;
GRANT SELECT ON chainon.quarantine TO console;
GRANT SELECT ON chainon.feed_* TO console;
GRANT SELECT, INSERT ON chainon.finding TO console;
GRANT SELECT, INSERT ON chainon.origin_loaded TO console;
GRANT SELECT, INSERT ON chainon.origin_quarantined TO console;
GRANT SELECT, INSERT ON chainon.record_loaded TO console;
GRANT SELECT, INSERT ON chainon.record_missing TO console;
GRANT SELECT, INSERT ON chainon.ledger_verified TO console;
GRANT SELECT ON system.tables TO console;
GRANT SELECT ON system.parts TO console;
GRANT SELECT ON chainon.rule_outcome TO console;
-- It adds what is in the topic of the access journal, and reads where it has come to; nobody can change or remove an entry.
GRANT INSERT, SELECT(topic_offset, writer, sequence, hash) ON chainon.access_journal TO console;
-- A connection begins in this database; there is nothing in it.
GRANT SHOW DATABASES ON default.* TO console;
