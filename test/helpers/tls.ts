/** A certificate authority of one test, certificates of it, and TLS before a server that has none. Needs `openssl`. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import { freePort } from './services.ts'

export interface Certificate {
  /** PEM files; `both` has certificate and key. */
  readonly cert: string
  readonly key: string
  readonly both: string
}

export interface Authority {
  /** PEM file of its certificate. */
  readonly file: string
  /** @param name as in a certificate: `IP:127.0.0.1`, `DNS:a.example` */
  issue(name: string): Certificate
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-sha256']

function openssl(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('openssl', [...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${error?.message ?? stderr}`)
}

/** @param name of its files, which are made in the folder */
export function makeAuthority(folder: string, name: string): Authority {
  const at = (suffix: string) => join(folder, `${name}${suffix}`)
  const [file, authorityKey] = [at('.pem'), at('.key')]
  openssl('req', '-x509', ...NEW_KEY, '-days', '1', '-subj', `/CN=${name}`, '-keyout', authorityKey, '-out', file)
  let issued = 0
  return {
    file,
    issue(subject) {
      const own = `-${++issued}`
      const [key, request, cert, both] = [at(`${own}.key`), at(`${own}.csr`), at(`${own}.pem`), at(`${own}-both.pem`)]
      writeFileSync(at(`${own}.ext`), `subjectAltName=${subject}\n`)
      openssl('req', '-new', ...NEW_KEY, '-subj', '/CN=server', '-keyout', key, '-out', request)
      const signer = ['-CA', file, '-CAkey', authorityKey, '-CAcreateserial', '-days', '1', '-sha256']
      openssl('x509', '-req', '-in', request, ...signer, '-extfile', at(`${own}.ext`), '-out', cert)
      writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'), { mode: 0o600 })
      return { key, cert, both }
    },
  }
}

export interface Front {
  readonly port: number
  /** Connections that were made with TLS. */
  connections(): number
  close(): void
}

/** Listens with TLS on a free port of 127.0.0.1, and passes the bytes on to a port without it. */
export async function tlsFront(target: number, certificate: Certificate): Promise<Front> {
  const options = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) }
  let connections = 0
  const server: Server = createServer(options, (client) => {
    connections++
    const upstream = connect(target, '127.0.0.1')
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  // A client that does not trust the certificate.
  server.on('tlsClientError', () => undefined)
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { port, connections: () => connections, close: () => server.close() }
}
