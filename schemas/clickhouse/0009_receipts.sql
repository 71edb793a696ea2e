-- Receipts (docs/adr/0034-receipts.md): what each request became, for a few days, and what its records are now. The gateway writes `receipt`, ClickHouse the others.

CREATE TABLE receipt
(
    receipt UInt128 COMMENT '48 bits of time and 80 random bits' CODEC(ZSTD(1)),
    producer LowCardinality(String),
    received_at DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    expires_at DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    feed LowCardinality(String),
    incarnation LowCardinality(String) COMMENT 'Topic id of identified.<feed>; empty when the records cannot be looked up',
    partition UInt32 CODEC(T64, ZSTD(1)),
    from_offset UInt64 COMMENT 'Origin offset of the first record; the others follow it' CODEC(T64, ZSTD(1)),
    indexes Array(UInt32) COMMENT 'Index of each record in the request' CODEC(Delta(4), ZSTD(1)),
    records Array(UInt64) COMMENT 'Keyed hash of the id of each record, 48 bits' CODEC(T64, ZSTD(1)),
    first_stamp UInt64 COMMENT 'The stamps of the records are from this one, in microseconds' CODEC(DoubleDelta, ZSTD(1)),
    last_stamp UInt64 COMMENT 'to this one' CODEC(DoubleDelta, ZSTD(1)),
    rule LowCardinality(String) COMMENT 'Why the gateway refused the records of these indexes; empty for accepted records',
    pointer LowCardinality(String) COMMENT 'JSON pointer of a field of the contract; never a value',
    refused UInt32 COMMENT 'Records that this rule refused; in a row without indexes'
)
ENGINE = MergeTree ORDER BY receipt
TTL expires_at
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 1000;

-- Where each loaded record came from, by origin: the other way round than record_loaded.
CREATE TABLE record_origin
(
    feed LowCardinality(String),
    incarnation LowCardinality(String),
    partition UInt32,
    offset UInt64 CODEC(DoubleDelta, ZSTD(1)),
    prefix FixedString(6) COMMENT 'As in record_loaded' CODEC(ZSTD(1)),
    record UInt64 COMMENT 'As in record_loaded' CODEC(NONE),
    version UInt128 COMMENT '_version of the row; the stamp is in it' CODEC(ZSTD(1)),
    deleted UInt8 CODEC(ZSTD(1)),
    received_at DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree ORDER BY (feed, incarnation, partition, offset)
TTL received_at + INTERVAL 8 DAY
SETTINGS non_replicated_deduplication_window = 100000;

CREATE TABLE producer_hour
(
    producer LowCardinality(String),
    hour DateTime('UTC'),
    feed LowCardinality(String),
    rule LowCardinality(String) COMMENT 'Why records were refused; empty for accepted records',
    records SimpleAggregateFunction(sum, UInt64),
    last_at SimpleAggregateFunction(max, DateTime('UTC'))
)
ENGINE = AggregatingMergeTree ORDER BY (producer, hour, feed, rule)
TTL hour + INTERVAL 8 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS witness_producer_hour TO producer_hour AS
SELECT producer, toStartOfHour(received_at) AS hour, feed, rule, sum(if(rule = '', length(indexes), refused)) AS records, max(received_at) AS last_at
FROM receipt WHERE rule = '' OR refused > 0 GROUP BY producer, hour, feed, rule;
