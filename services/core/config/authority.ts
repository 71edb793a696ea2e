/** The certificate authority that a server's certificate must come from; without one those of Node.js, which are public. */
import { readFileSync } from 'node:fs'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'

/**
 * @param setting name of the variable with the file
 * @param encrypted whether the address, or another variable, asks for TLS
 * @returns the content of the PEM file; undefined when none is named
 * @throws ConfigurationError when the file cannot be read or has no certificate; when it is named and the connection would not be encrypted
 */
export function authority(setting: string, file: string, encrypted: boolean, withTls: string): string | undefined {
  if (file === '') return undefined
  const problem = (text: string) => new ConfigurationError('TLS', [`${setting}: ${text}`])
  if (!encrypted) throw problem(`it is set, and the connection would not be encrypted: ${withTls}`)
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (error) {
    throw problem(`the file cannot be read (${errorCode(error) ?? 'unknown error'})`)
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw problem('the file has no certificate in PEM')
  return pem
}
