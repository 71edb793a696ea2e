/**
 * Values carry their zone in their type. Only `mintIdentified` and `mintPseudonymised` make an envelope. The boundary
 * check allows only the gateway's encoder to import the first, and only the steps of `deidentify` to import the second. So a sink of the
 * pseudonymised zone with raw bytes, or with a record that was labelled by hand, does not compile. Types do not remove fields at run
 * time: de-identification builds its output field by field.
 */
export type Zone = 'identified' | 'pseudonymised'

declare const zone: unique symbol

class ZonedEnvelope<Z extends Zone, Body> {
  // Not exported, and private: neither an object literal nor a spread of an envelope has it.
  declare private readonly [zone]: Z
  readonly body: Body
  constructor(body: Body) {
    this.body = body
  }
}

export type Envelope<Z extends Zone, Body> = ZonedEnvelope<Z, Body>

/** For the gateway's encoder. */
export function mintIdentified<Body>(body: Body): Envelope<'identified', Body> {
  return new ZonedEnvelope<'identified', Body>(body)
}

/** For the de-identification steps. */
export function mintPseudonymised<Body>(body: Body): Envelope<'pseudonymised', Body> {
  return new ZonedEnvelope<'pseudonymised', Body>(body)
}

export interface Sink<Z extends Zone, Body> {
  readonly write: (batch: readonly Envelope<Z, Body>[]) => Promise<void>
}
