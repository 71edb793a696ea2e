import { createHmac, randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { hmacSha256 } from '#core/crypto/hmac.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'

describe('hmacSha256', () => {
  it("is byte for byte Node's HMAC, for keys and messages of any length", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 130 }),
        fc.string({ unit: 'grapheme', maxLength: 3000 }),
        (key, message) => {
          const bytes = Buffer.from(key)
          expect(hmacSha256(bytes).digest(message)).toBe(
            createHmac('sha256', bytes).update(message, 'utf8').digest('base64url'),
          )
        },
      ),
    )
  })

  it('rejects a short key', () => {
    expect(() => hmacSha256(Buffer.alloc(31))).toThrow(RangeError)
  })
})

describe('pseudonymiser', () => {
  const secret = randomBytes(32)
  it('is stable, and different by level, domain and secret', () => {
    const p = pseudonymiser(1, secret)
    const all = [
      p.pseudonym('patient', 'a'),
      p.pseudonym('encounter', 'a'),
      pseudonymiser(2, secret).pseudonym('patient', 'a'),
      pseudonymiser(1, randomBytes(32)).pseudonym('patient', 'a'),
    ]
    expect(new Set(all.map((value) => value.slice(3))).size).toBe(4)
    expect(pseudonymiser(1, secret).pseudonym('patient', 'a')).toBe(all[0])
    expect(all[0]).toMatch(/^p1_[\w-]{43}$/)
  })
})

describe('loadOrCreateSecret', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-secret-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  it('creates a secret once, for its owner only, and leaves no draft', () => {
    const dir = join(folder, 'deidentify')
    const first = loadOrCreateSecret(dir, 'a.key')
    expect(loadOrCreateSecret(dir, 'a.key')).toEqual(first)
    expect(statSync(join(dir, 'a.key')).mode & 0o777).toBe(0o600)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(readdirSync(dir)).toEqual(['a.key'])
  })
  it('rejects one that others can read', () => {
    loadOrCreateSecret(folder, 'b.key')
    chmodSync(join(folder, 'b.key'), 0o644)
    expect(() => loadOrCreateSecret(folder, 'b.key')).toThrow(/readable by others/)
  })
})
