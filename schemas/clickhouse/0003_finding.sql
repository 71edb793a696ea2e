-- What was found wrong, kept until an operator closes it (services/core/ledger/findings.ts). Version 1 is open, 2 is closed: closing wins
-- over opening, in whatever order two processes write.
CREATE TABLE finding
(
    finding_id String COMMENT '<code>:<feed>:<incarnation>:<partition>:<from>-<to>',
    code LowCardinality(String),
    feed LowCardinality(String),
    incarnation LowCardinality(String) COMMENT 'Topic id of identified.<feed>',
    partition UInt32,
    from_offset UInt64 COMMENT 'First origin offset',
    to_offset UInt64 COMMENT 'One past the last origin offset',
    message String COMMENT 'Names feed, partition, offsets and counts; never a value of a record',
    opened_at DateTime64(3, 'UTC'),
    closed_at Nullable(DateTime64(3, 'UTC')),
    closed_by String,
    reason String,
    version UInt64
)
ENGINE = ReplacingMergeTree(version) ORDER BY finding_id;
