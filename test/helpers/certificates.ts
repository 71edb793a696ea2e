/** Authorities and certificates of a test, made at run time by openssl. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of PEM files. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
/** Without the extensions of an authority that openssl's own configuration adds to everything. */
const CONFIG = '[req]\ndistinguished_name = names\n[names]\n'

/** @param folder where its files are made @returns an authority, and certificates of it */
export function testAuthority(folder: string, name: string) {
  mkdirSync(folder, { recursive: true })
  const config = join(folder, 'openssl.cnf')
  writeFileSync(config, CONFIG)
  const make = (file: string, options: readonly string[]): Issued => {
    const made = { cert: join(folder, `${file}.pem`), key: join(folder, `${file}.key`) }
    const files = ['-keyout', made.key, '-out', made.cert]
    execFileSync('openssl', ['req', '-x509', '-config', config, ...EC, '-subj', `/CN=${file}`, ...options, ...files], {
      stdio: 'ignore',
    })
    return made
  }
  const ca = make(name, ['-days', '1', '-addext', 'basicConstraints=critical,CA:TRUE'])
  return {
    ca: ca.cert,
    issue: (file: string, purpose: 'clientAuth' | 'serverAuth' = 'clientAuth'): Issued =>
      make(file, [
        ...['-days', '1', '-CA', ca.cert, '-CAkey', ca.key],
        ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', `extendedKeyUsage=${purpose}`],
        ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ]),
    /** @returns the same certificate as the authority would have issued it the day before yesterday for a day */
    ended: ({ cert, key }: Issued): Issued => {
      const made = { cert: `${cert}.ended`, key }
      const request = `${cert}.csr`
      const run = (...options: readonly string[]) => execFileSync('openssl', options, { stdio: 'ignore' })
      run('req', '-new', '-config', config, '-key', key, '-subj', '/CN=ended', '-out', request)
      run('x509', '-req', '-in', request, '-CA', ca.cert, '-CAkey', ca.key, '-days', '-1', '-out', made.cert)
      return made
    },
  }
}

/** @returns both files of a certificate, for a TLS client */
export function identityOf({ cert, key }: Issued) {
  return { cert: readFileSync(cert), key: readFileSync(key) }
}
