/** The secret of a project's pseudonyms: made at its first extraction or linkage, and the same for both. */
import { secretsDir } from '#core/config/read.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { registeredSecret } from '#core/custody/registered-secret.ts'
import type { ExtractConfig } from './config.ts'
import type { Warehouse } from './warehouse.ts'

/** @param id of the project @throws as `registeredSecret` and `openSecretBox` */
export async function projectSecret(
  config: ExtractConfig,
  id: string,
  warehouse: Pick<Warehouse, 'keys'>,
): Promise<Buffer> {
  const secrets = secretsDir('extract', config)
  const box = await openSecretBox(config, secrets)
  return registeredSecret(secrets, `extract/project-${id}.key`, warehouse.keys, box)
}
