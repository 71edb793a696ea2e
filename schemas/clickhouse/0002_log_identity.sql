-- Which Kafka this warehouse was loaded from. Origins are offsets of that cluster: with another one behind the same warehouse they would
-- begin again at 0 and be taken for replays.
CREATE TABLE log_identity
(
    namespace String,
    cluster_id String,
    first_seen DateTime64(3, 'UTC')
)
ENGINE = MergeTree ORDER BY namespace;
