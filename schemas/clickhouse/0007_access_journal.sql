-- The access journal (docs/adr/0025-access-journal.md), as the console finds it in the topic audit.access. The entry is what its writer has
-- signed; the other columns are computed from it, so that an insert cannot say anything else in them.
CREATE TABLE access_journal
(
    topic_offset UInt64 COMMENT 'Offset in audit.access',
    entry String COMMENT 'The line of the entry' CODEC(ZSTD(1)),
    hash String MATERIALIZED lower(hex(SHA256(entry))) COMMENT 'What the next entry of the writer has as prev',
    writer LowCardinality(String) MATERIALIZED JSONExtractString(entry, 'writer'),
    sequence UInt64 MATERIALIZED JSONExtractUInt(entry, 'seq') COMMENT 'Place in the chain of the writer',
    at DateTime64(3, 'UTC') MATERIALIZED parseDateTime64BestEffortOrZero(JSONExtractString(entry, 'at'), 3, 'UTC'),
    actor String MATERIALIZED JSONExtractString(entry, 'actor'),
    action LowCardinality(String) MATERIALIZED JSONExtractString(entry, 'action'),
    object String MATERIALIZED JSONExtractString(entry, 'object'),
    outcome LowCardinality(String) MATERIALIZED JSONExtractString(entry, 'outcome'),
    facts String MATERIALIZED JSONExtractRaw(entry, 'facts')
)
ENGINE = MergeTree ORDER BY topic_offset
SETTINGS non_replicated_deduplication_window = 1000;
