/**
 * The way of a record through the only process that sees both zones:
 *
 *   message -> decode -> check rules on what will be gone -> tokenise and apply policies -> encode -> pseudonymised bytes
 */
import type { Decoder, Encoder } from '#core/avro/registry.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import { type Pipeline, pipeline, type Step } from '#core/pipeline/pipeline.ts'
import { pass, quarantine } from '#core/pipeline/verdict.ts'
import type { Envelope } from '#core/pipeline/zones.ts'
import { policies } from './steps/apply-policies.ts'
import { identifiedRules } from './steps/check-identified-rules.ts'
import { tokeniser } from './steps/tokenise.ts'

export interface DeidentifyParts {
  readonly contract: FeedContract
  readonly decoder: Decoder
  readonly encoder: Encoder
  readonly pseudonymiser: Pseudonymiser
  readonly tokenSecret: Buffer
}

interface Identified {
  readonly record: Readonly<Record<string, unknown>>
  readonly producer: string
  readonly receivedAt: number
}
interface Checked extends Identified {
  readonly outcomes: readonly string[]
}

/** The Avro bytes that go to `pseudonymised.<feed>`. */
export type Deidentified = Buffer

export type DeidentifyFault = 'undecodable' | 'rule-rejected' | 'unencodable'

/** @returns the pipeline of one feed; pure but for the caches of its parts */
export function deidentifyPipeline(
  parts: DeidentifyParts,
): Pipeline<Buffer | null, Envelope<'pseudonymised', Deidentified>, DeidentifyFault> {
  return pipeline<Buffer | null>('deidentify')
    .step(decodeIdentified(parts.decoder))
    .step(checkRules(parts.contract))
    .step(removeIdentity(parts))
    .step(encodePseudonymised(parts.encoder))
    .build()
}

function decodeIdentified(decoder: Decoder): Step<Buffer | null, Identified, 'undecodable'> {
  return {
    name: 'decodeIdentified',
    run(value) {
      const decoded = decoder.decode(value)
      if (!decoded) return quarantine('undecodable', { pointer: '', rule: 'undecodable' })
      const { record } = decoded
      return pass({ record, producer: String(record._producer), receivedAt: Number(record._received_at) })
    },
  }
}

function checkRules(contract: FeedContract): Step<Identified, Checked, 'rule-rejected'> {
  const check = identifiedRules(contract)
  return {
    name: 'checkRules',
    run(input) {
      const verdict = check(input.record, input.receivedAt)
      return verdict.kind === 'pass' ? pass({ ...input, outcomes: verdict.value }) : verdict
    },
  }
}

function removeIdentity(parts: DeidentifyParts): Step<Checked, Envelope<'pseudonymised', Record<string, unknown>>> {
  const apply = policies(parts.contract, parts.pseudonymiser)
  const tokenise = tokeniser(parts.contract, parts.tokenSecret)
  return {
    name: 'removeIdentity',
    run({ record, producer, receivedAt, outcomes }) {
      const out = apply(record, producer)
      out._producer = producer
      out._received_at = receivedAt
      out._rule_outcomes = outcomes
      if (parts.contract.linked) out._tokens = tokenise(record)
      return pass({ zone: 'pseudonymised', body: out })
    },
  }
}

/** The writer schema is the last guard: a field that it does not name is not written. */
function encodePseudonymised(
  encoder: Encoder,
): Step<Envelope<'pseudonymised', Record<string, unknown>>, Envelope<'pseudonymised', Deidentified>, 'unencodable'> {
  return {
    name: 'encodePseudonymised',
    run({ body }) {
      const bytes = encoder.encode(body)
      if (!bytes) return quarantine('unencodable', { pointer: '', rule: 'unencodable' })
      return pass({ zone: 'pseudonymised', body: bytes })
    },
  }
}
