-- Failures as their sender is told of them (docs/adr/0042-failures-as-events.md), and the receipt of a place. ClickHouse writes both.

CREATE TABLE failure
(
    producer LowCardinality(String),
    known_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse got it: the order in which it is told' CODEC(DoubleDelta, ZSTD(1)),
    id UInt64 COMMENT 'Orders what became known at the same time' CODEC(NONE),
    state LowCardinality(String) COMMENT 'refused, rejected or quarantined, as GET /v1/receipts/{id} says it',
    feed LowCardinality(String),
    rule LowCardinality(String),
    pointer LowCardinality(String) COMMENT 'JSON pointer of a field; never a value',
    receipt UInt128 COMMENT 'Of refused records; 0 for others, whose place has it' CODEC(ZSTD(1)),
    indexes Array(UInt32) COMMENT 'Of refused records in their request' CODEC(Delta(4), ZSTD(1)),
    incarnation LowCardinality(String),
    partition UInt32 CODEC(T64, ZSTD(1)),
    offset UInt64 COMMENT 'Origin offset of a record that was accepted' CODEC(T64, ZSTD(1)),
    stamp UInt64 COMMENT 'When it was received, in microseconds' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree ORDER BY (producer, known_at, id)
TTL toDateTime(known_at) + INTERVAL 8 DAY
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 100000;

CREATE MATERIALIZED VIEW IF NOT EXISTS witness_failure_refused TO failure AS
SELECT producer, now64(3, 'UTC') AS known_at, cityHash64(receipt, feed, rule, pointer) AS id, 'refused' AS state, feed, rule, pointer, receipt, indexes,
       '' AS incarnation, toUInt32(0) AS partition, toUInt64(0) AS offset, toUInt64(0) AS stamp
FROM receipt WHERE rule != '' AND notEmpty(indexes);

CREATE MATERIALIZED VIEW IF NOT EXISTS witness_failure_quarantined TO failure AS
SELECT producer, now64(3, 'UTC') AS known_at, cityHash64(feed, incarnation, partition, origin_offset) AS id,
       if(fault = 'rule-rejected', 'rejected', 'quarantined') AS state, feed, if(quarantine.rule = '', fault, quarantine.rule) AS rule, pointer,
       toUInt128(0) AS receipt, CAST([], 'Array(UInt32)') AS indexes, incarnation, partition, origin_offset AS offset,
       toUInt64(toUnixTimestamp64Micro(received_at)) AS stamp
FROM quarantine WHERE producer != '';

-- The receipt of a place in the log: the other way round than receipt.
CREATE TABLE receipt_place
(
    feed LowCardinality(String),
    incarnation LowCardinality(String) COMMENT 'Topic id, as in receipt',
    partition UInt32,
    from_offset UInt64 CODEC(DoubleDelta, ZSTD(1)),
    to_offset UInt64 COMMENT 'The first offset after them' CODEC(DoubleDelta, ZSTD(1)),
    receipt UInt128 CODEC(ZSTD(1)),
    first_stamp UInt64 COMMENT 'As in receipt' CODEC(DoubleDelta, ZSTD(1)),
    last_stamp UInt64 CODEC(DoubleDelta, ZSTD(1)),
    expires_at DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree ORDER BY (feed, incarnation, partition, from_offset)
TTL expires_at
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS witness_receipt_place TO receipt_place AS
SELECT feed, incarnation, partition, from_offset, from_offset + length(indexes) AS to_offset, receipt, first_stamp, last_stamp, expires_at
FROM receipt WHERE rule = '' AND incarnation != '';
