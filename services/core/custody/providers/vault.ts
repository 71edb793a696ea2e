/**
 * The secrets' key from the transit engine of HashiCorp Vault or OpenBao: the service keeps it wrapped by a key that never leaves the engine, and asks for
 * it at each start (developer.hashicorp.com/vault/api-docs/secret/transit: `datakey`, `decrypt`).
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Type, { type TSchema } from 'typebox'
import { SECRETS_KEY_BYTES } from '../../crypto/secret-box.ts'
import { describeFailure, errorCode } from '../../faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '../../faults/errors.ts'
import { smallRequest } from '../../http/small-request.ts'
import { complete } from '../../schema/complete.ts'
import type { Written } from '../../schema/written.ts'

const WRAPPED_FILE = 'secrets-key.wrapped'
const Ciphertext = Type.String({ pattern: '^vault:v\\d+:[A-Za-z0-9+/=]+$' })
const DataKey = Type.Object({ data: Type.Object({ ciphertext: Ciphertext }) })
const Decrypted = Type.Object({ data: Type.Object({ plaintext: Type.String() }) })

export interface VaultSettings {
  readonly url: URL
  readonly ca: Buffer | undefined
  /** A file, read at each request: an agent renews the token in it. */
  readonly tokenFile: string
  readonly mount: string
  readonly key: string
}

/**
 * @param dir the service's own secrets folder; the wrapped key is in it, made at the first start
 * @returns 32 bytes
 * @throws ChainonError dependency-unavailable; ConfigurationError when the engine refuses, or the file cannot be read or written
 */
export async function keyOfVault(vault: VaultSettings, dir: string): Promise<Buffer> {
  const path = join(dir, WRAPPED_FILE)
  if (!existsSync(path)) {
    // Without the key itself: what is used is always what can be unwrapped again.
    const made = await ask(vault, 'datakey/wrapped', { bits: SECRETS_KEY_BYTES * 8 }, DataKey)
    store(dir, path, made.data.ciphertext)
  }
  const ciphertext = readFileSync(path, 'utf8').trim()
  const { data } = await ask(vault, 'decrypt', { ciphertext }, Decrypted)
  const key = Buffer.from(data.plaintext, 'base64')
  if (key.length !== SECRETS_KEY_BYTES) throw refused('what the engine has unwrapped is no key of 32 bytes')
  return key
}

async function ask<S extends TSchema>(
  vault: VaultSettings,
  path: string,
  body: object,
  schema: S,
): Promise<Written<S>> {
  const { url, ca, mount, key, tokenFile } = vault
  const place = new URL(`${url.pathname.replace(/\/$/, '')}/v1/${mount}/${path}/${encodeURIComponent(key)}`, url)
  const headers = { 'x-vault-token': readToken(tokenFile), 'content-type': 'application/json' }
  const { status, body: text } = await smallRequest({ url: place, ca, headers, body: JSON.stringify(body) }).catch(
    (error: unknown) => {
      throw new ChainonError('dependency-unavailable', `Vault (CHAINON_VAULT_URL): ${describeFailure(error)}`)
    },
  )
  if (status >= 500 || status === 429)
    throw new ChainonError(
      'dependency-unavailable',
      `Vault (CHAINON_VAULT_URL) answers ${status}: it is sealed or away`,
    )
  const answer = status === 200 ? complete(schema, parse(text)) : undefined
  if (answer === undefined)
    throw refused(`Vault answers ${status} to ${path}: its token, policy, mount or key is wrong`)
  return answer
}

/** Where another process has stored one meanwhile, that one stays. */
function store(dir: string, path: string, ciphertext: string): void {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    chmodSync(dir, 0o700)
    writeFileSync(draft, `${ciphertext}\n`, { mode: 0o600, flag: 'wx', flush: true })
    linkSync(draft, path)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw refused(`${path}: ${errorCode(error)}`)
  } finally {
    rmSync(draft, { force: true })
  }
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw refused(`CHAINON_VAULT_TOKEN_FILE: ${path}: ${errorCode(error)}`)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError('The secrets cannot be opened', [problem])
}
