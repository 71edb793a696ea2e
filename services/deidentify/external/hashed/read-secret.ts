/** Reads the secret that a third party shares: bytes that nobody can try, or it is not taken. No message repeats any of it. */
import { readFileSync, statSync } from 'node:fs'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'

const LEAST_BYTES = 32
const MOST_FILE_BYTES = 4096
/** 32 random bytes have about 30 different values, and never so few by chance; a text, a repeated block or zeros have fewer, or are printable. */
const LEAST_DIFFERENT = 20
const PRINTABLE = /^[\t\n\r\x20-\x7e]*$/

/**
 * @param path of a file for its user alone: random bytes in hexadecimal digits, base64 or base64url
 * @returns at least 32 bytes
 * @throws ConfigurationError when others may read the file, or its content may be guessed
 */
export function readSharedSecret(path: string): Buffer {
  const problem = (rule: string) => new ConfigurationError('The shared secret is not taken', [`${path}: ${rule}`])
  let text: string
  try {
    const { mode, size } = statSync(path)
    if ((mode & 0o077) !== 0)
      throw problem('it is readable by others: run chmod 600 on it, and check who may have read it')
    if (size > MOST_FILE_BYTES) throw problem('it is larger than 4 KiB')
    text = readFileSync(path, 'latin1').trim()
  } catch (error) {
    throw error instanceof ConfigurationError ? error : problem(errorCode(error))
  }
  const bytes = decoded(text)
  if (!bytes) throw problem('it must be random bytes, written as hexadecimal digits, base64 or base64url')
  const refused = weakness(bytes)
  if (refused) throw problem(refused)
  return bytes
}

/** Pure. @returns undefined when it is in none of the three forms */
function decoded(text: string): Buffer | undefined {
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex')
  if (/^[\w+/-]+={0,2}$/.test(text)) return Buffer.from(text, 'base64url')
  return undefined
}

/** Pure. @returns why a secret may be guessed; undefined when it looks random */
function weakness(secret: Buffer): string | undefined {
  if (secret.length < LEAST_BYTES) return `it has ${secret.length} bytes, and needs ${LEAST_BYTES} or more`
  if (PRINTABLE.test(secret.toString('latin1')))
    return 'it is a text, which may be guessed: make random bytes, for instance openssl rand -hex 32'
  const steps = new Set(secret.subarray(1).map((byte, at) => (byte - (secret[at] ?? 0)) & 0xff))
  if (new Set(secret).size < LEAST_DIFFERENT || steps.size < LEAST_DIFFERENT / 2)
    return 'its bytes repeat or count: make random ones, for instance openssl rand -hex 32'
  return undefined
}
