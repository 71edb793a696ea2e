-- The Kafka cluster and the namespace from which this warehouse was loaded: one row. Origins are offsets of that cluster: in another cluster they start again at 0,
-- and new records would be dropped as replays.
CREATE TABLE log_identity
(
    namespace String,
    cluster_id String,
    first_seen DateTime64(3, 'UTC')
)
ENGINE = MergeTree ORDER BY namespace;
