/**
 * Envelopes carry their zone in their type: an identified envelope given to a pseudonymised sink does not compile.
 * Types do not remove fields at run time, so de-identification builds its output field by field.
 */
export type Zone = 'identified' | 'pseudonymised'

/** Where a record came from: its feed, its identified partition and its offset there. Dense in each partition. */
export interface Origin {
  readonly feed: string
  readonly partition: number
  readonly offset: bigint
}

export interface Envelope<Z extends Zone, Body> {
  readonly zone: Z
  readonly body: Body
}

export interface Sink<Z extends Zone, Body> {
  write(batch: readonly Envelope<Z, Body>[]): Promise<void>
}
