/** What each figure means, for an operator. */
export const DEFINITIONS = {
  received: 'Records that reached the gateway per second, accepted or rejected; mean of the last 5 s.',
  rejectedByGateway:
    'The gateway rejected these records; the receipt names the field and the rule. They were never accepted, so they are not in the ledger. Counted since the gateway or this console started.',
  accepted:
    'The gateway answered 202 after every in-sync replica of Kafka had the record. Counted from the offsets of the identified topics.',
  loaded: 'Written to ClickHouse exactly once. Counted from the batches in ClickHouse.',
  quarantined:
    'A worker could not process the record. The table quarantine has its origin and the reason, so that the producer can correct it and send it again.',
  rejected: 'Rejected by a rule of the contract with severity reject, after the record was accepted.',
  lost: 'Kafka deleted these records before they were read, and an operator accepted the loss; `chainon finding list --all` says who and why.',
  inFlight: 'Accepted, and without an outcome yet: the record waits in Kafka or a worker processes it.',
  balanced:
    'For every feed and partition, accepted = loaded + quarantined + rejected + lost + in flight, without a gap (missing) and without an overlap (counted twice). Read from Kafka and ClickHouse every 2 s, not from the services.',
  gaps: 'Accepted records that no batch accounts for although a later one does, or that Kafka lost. Must be 0.',
  overlaps: 'Accepted records that more than one batch accounts for. Must be 0.',
  freshness:
    'Time from the 202 of the gateway until the record can be queried in ClickHouse. p95: 95 of 100 records need this time or less. Estimated from a histogram of sampled records.',
  lag: 'Records that wait before the service or that it processes now, from the offsets in Kafka, and the time since the first of them arrived, in the partition that is most behind.',
  warehouse: 'Records that were added to ClickHouse per second, from the ledger; mean of the last 10 s.',
  processed: 'Records that the service processed per second, with any outcome; mean of the last 5 s.',
  stage: 'The service where the record failed, and the name of the step that found the failure.',
  last24: 'In the last 24 hours. The gateway counts only since it started, so it has no such figure.',
  share: 'Share of the records for which the rule was checked, last 24 h.',
  trend: 'Per hour, the last 24 hours; the newest is on the right.',
  restarts:
    'How many times the supervisor restarted the component. A dash: no supervisor on this machine counts restarts.',
  memory: 'Resident memory of the process now.',
  p95feed:
    'Freshness p95 of the feed: from the 202 until the record can be queried; last 60 s, or since start if there was no record in them.',
  perSecond: 'Accepted records per second; mean of the last 5 s.',
} as const
