/** Client certificates in the file of keys: what of a certificate is stored. */
import { hash, X509Certificate } from 'node:crypto'
import { ConfigurationError } from '../faults/errors.ts'

export interface StoredCertificate {
  /** Of its DER, 64 hexadecimal digits. */
  readonly sha256: string
  /** The end of its validity, ISO 8601, UTC, with milliseconds. */
  readonly expiresAt: string
}

/**
 * The certificate itself is stored, and not its name: an authority may give a name again, and who renews a certificate registers the new one while the
 * former one still works.
 *
 * @param pem a certificate; of a chain the first one counts
 * @throws ConfigurationError when it is no certificate, has ended, or is that of an authority
 */
export function readCertificate(pem: Buffer): StoredCertificate {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pem)
  } catch {
    throw wrong('the file has no certificate in PEM or DER')
  }
  if (certificate.ca) throw wrong('it is the certificate of an authority, and not of a producer')
  if (!(Date.now() < certificate.validToDate.getTime())) throw wrong('it has ended')
  return { sha256: hash('sha256', certificate.raw, 'hex'), expiresAt: certificate.validToDate.toISOString() }
}

function wrong(problem: string): ConfigurationError {
  return new ConfigurationError('The certificate is not registered', [problem])
}
