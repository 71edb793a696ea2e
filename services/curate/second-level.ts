/** The second-level secret that is in force, and what is made with it. */
import { type Pseudonymiser, pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { SecretBox } from '#core/crypto/secret-box.ts'
import { keyVersions, mayLoad, rotating, secondLevelKey } from '#core/custody/key-versions.ts'
import { type KeyRegister, registeredSecret } from '#core/custody/registered-secret.ts'
import { secondLevelTokens } from './link/tokens.ts'

export interface SecondLevel {
  readonly version: number
  readonly level2: Pseudonymiser
  readonly secondLevelToken: (token: string) => string | undefined
}

/** @param secret of that version */
export function secondLevelOf(version: number, secret: Buffer): SecondLevel {
  return {
    version,
    level2: pseudonymiser(2, secret, version),
    secondLevelToken: secondLevelTokens(secret, version),
  }
}

/**
 * @param dir of the secrets of `curate`
 * @throws ChainonError key-rotation while a rotation runs; ConfigurationError when this host does not have the secret that is in force
 */
export async function openSecondLevel(dir: string, register: KeyRegister, box: SecretBox): Promise<SecondLevel> {
  const versions = keyVersions((await register.read()).keys())
  if (!mayLoad(versions)) throw rotating(versions)
  const { inForce } = versions
  return secondLevelOf(inForce, await registeredSecret(dir, secondLevelKey(inForce), register, box))
}
