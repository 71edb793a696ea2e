-- The ledger's witness (docs/adr/0014-the-ledger-is-a-witness.md). ClickHouse itself writes the first two tables, with each insert into the
-- table of a feed: materialized views, in services/core/contract/table.ts.

CREATE TABLE origin_loaded
(
    feed LowCardinality(String),
    incarnation LowCardinality(String),
    partition UInt32,
    offset UInt64 COMMENT 'Origin offset of an inserted row' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree ORDER BY (feed, incarnation, partition, offset)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE TABLE origin_quarantined
(
    feed LowCardinality(String),
    incarnation LowCardinality(String),
    partition UInt32,
    offset UInt64 COMMENT 'Origin offset of a row of quarantine' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree ORDER BY (feed, incarnation, partition, offset)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE MATERIALIZED VIEW IF NOT EXISTS witness_origin_quarantined TO origin_quarantined AS
SELECT feed, incarnation, partition, origin_offset AS offset FROM quarantine;

CREATE TABLE record_loaded
(
    feed LowCardinality(String),
    prefix FixedString(6) COMMENT 'First bytes of record_id: a range of them is a slice of both tables' CODEC(ZSTD(1)),
    record UInt64 COMMENT 'cityHash64(record_id)' CODEC(NONE),
    version UInt128 COMMENT '_version: the highest that was inserted' CODEC(ZSTD(1)),
    incarnation LowCardinality(String),
    partition UInt32 CODEC(T64, ZSTD(1)),
    offset UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version) ORDER BY (feed, prefix, record)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE TABLE record_missing
(
    feed LowCardinality(String),
    record UInt64,
    version UInt128,
    finding_id LowCardinality(String) COMMENT 'The finding that reported it'
)
ENGINE = ReplacingMergeTree ORDER BY (feed, record, version);

-- One row for each partition of an incarnation: all tiles up to to_offset, counted and verified. The row of a longer range replaces the
-- row of a shorter one, so that two processes may compact at once, and a tile is counted either here or in ledger_batch.
CREATE TABLE ledger_verified
(
    feed LowCardinality(String),
    incarnation LowCardinality(String),
    partition UInt32,
    from_offset UInt64,
    to_offset UInt64,
    loaded UInt64,
    rejected UInt64,
    quarantined UInt64,
    lost UInt64,
    tiles UInt64 COMMENT 'Rows of ledger_batch in the range',
    origins UInt64 COMMENT 'Rows of origin_loaded in the range',
    loaded_at DateTime64(3, 'UTC') COMMENT 'Of the last tile',
    verified_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(to_offset) ORDER BY (feed, incarnation, partition);
