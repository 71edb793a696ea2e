/**
 * `npx node loadtest/hmac.ts`: the project's HMAC-SHA-256 (services/core/crypto/hmac.ts) compared with those of `node:crypto`, on the
 * lengths of values that become pseudonyms, tokens and keys. All variants alternate in one process, so that a busy machine slows
 * all of them equally: compare the ratios, not the rates. docs/adr/0006 uses the result. Needs no server.
 */
import { strict as assert } from 'node:assert'
import { createHash, createHmac, createSecretKey, hash, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hmacSha256 } from '#core/crypto/hmac.ts'
import { machine } from './machine.ts'

const ROUNDS = 101
const VALUES_PER_ROUND = 4000
const BLOCK_BYTES = 64
const VALUES = [
  { what: 'patient number (IPP)', characters: 8 },
  { what: 'INS or NIR', characters: 15 },
  { what: 'record id', characters: 36 },
  { what: 'composite of traits', characters: 60 },
  { what: 'long value', characters: 1000 },
] as const

type Digest = (message: string) => string
interface Variant {
  readonly name: string
  readonly digest: Digest
}

const key = randomBytes(32)
const keyObject = createSecretKey(key)
const own = hmacSha256(key)
const variants: readonly Variant[] = [
  { name: 'own', digest: (message) => own.digest(message) },
  {
    name: 'createHmac, key as bytes',
    digest: (message) => createHmac('sha256', key).update(message, 'utf8').digest('base64url'),
  },
  {
    name: 'createHmac, key as KeyObject',
    digest: (message) => createHmac('sha256', keyObject).update(message, 'utf8').digest('base64url'),
  },
  { name: 'createHash, copied pads', digest: copiedPads() },
  { name: 'crypto.hash, concatenated', digest: concatenated() },
]

const lines: string[] = []
for (const { what, characters } of VALUES) {
  const rounds = measure(characters)
  for (const [index, { name }] of variants.entries()) {
    const rate = Math.round(median(rounds.map((rates) => rates[index] ?? 0)))
    const ratio = median(rounds.map((rates) => (rates[index] ?? 0) / (rates[0] ?? 1)))
    const cells = [`${what}, ${characters}`.padEnd(26), name.padEnd(30), rate.toLocaleString('en').padStart(10)]
    lines.push(`${cells.join('')}${ratio.toFixed(2).padStart(8)}`)
  }
}
const date = new Date().toISOString()
const text = `${date}  ${machine()}
npx node loadtest/hmac.ts

${ROUNDS} rounds of ${VALUES_PER_ROUND} values, the variants in turn: median rate per second, and median of the
ratios to the project's own in the same round.

value, characters         variant                        per second   ratio
${lines.join('\n')}
`
const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, `${date.slice(0, 10)}-hmac.txt`), text)
process.stdout.write(text)

/** @returns for each round the digests per second of each variant, in the order of `variants`; all must return the same digests */
function measure(characters: number): readonly (readonly number[])[] {
  const values = Array.from({ length: VALUES_PER_ROUND }, () =>
    randomBytes(characters).toString('base64url').slice(0, characters),
  )
  for (const value of values.slice(0, 100))
    for (const { name, digest } of variants) assert.equal(digest(value), variants[0]?.digest(value), name)
  return Array.from({ length: ROUNDS }, (_, round) => {
    const rates: number[] = []
    // Each round starts with another variant, so that no variant is always first.
    for (let turn = 0; turn < variants.length; turn++) {
      const index = (round + turn) % variants.length
      const start = performance.now()
      for (const value of values) variants[index]?.digest(value)
      rates[index] = (VALUES_PER_ROUND / (performance.now() - start)) * 1000
    }
    return rates
  })
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

/** @returns the key XOR 0x36 (inner) and XOR 0x5c (outer), 64 bytes each (RFC 2104) */
function pads(): { readonly inner: Buffer; readonly outer: Buffer } {
  const block = Buffer.alloc(BLOCK_BYTES)
  key.copy(block)
  return { inner: Buffer.from(block.map((byte) => byte ^ 0x36)), outer: Buffer.from(block.map((byte) => byte ^ 0x5c)) }
}

/** The pads are hashed once; each value continues from a copy of that state. */
function copiedPads(): Digest {
  const { inner, outer } = pads()
  const first = createHash('sha256').update(inner)
  const second = createHash('sha256').update(outer)
  return (message) => second.copy().update(first.copy().update(message, 'utf8').digest()).digest('base64url')
}

/** The formula of RFC 2104, with a new buffer for each value. */
function concatenated(): Digest {
  const { inner, outer } = pads()
  return (message) => {
    const once = hash('sha256', Buffer.concat([inner, Buffer.from(message, 'utf8')]), 'buffer')
    return hash('sha256', Buffer.concat([outer, once]), 'base64url')
  }
}
