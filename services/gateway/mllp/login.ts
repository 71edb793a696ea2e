/** Whose a connection is: the key of its listener says so, or the certificate that its sender has shown. */
import type { Socket } from 'node:net'
import type { KeyStore, Login, LoginFailure } from '#core/keys/store.ts'
import { certificateOf } from '../http/credentials.ts'

export type ConnectionLogin = Login<LoginFailure | 'missing' | 'untrusted-certificate'>

/** @param apiKey of the listener; undefined where certificates log in */
export function loginOf(
  keys: Pick<KeyStore, 'login' | 'loginCertificate'>,
  apiKey: string | undefined,
  socket: Socket,
): ConnectionLogin {
  if (apiKey !== undefined) return keys.login(apiKey)
  const certificate = certificateOf(socket)
  if (!certificate) return { kind: 'failed', reason: 'missing' }
  if (!certificate.trusted) return { kind: 'failed', reason: 'untrusted-certificate' }
  return keys.loginCertificate(certificate.sha256)
}
