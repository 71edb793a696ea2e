/** The secret of the linkage index. */
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { openSecretBox, type ProviderConfig } from '#core/custody/key-provider.ts'

export const INDEX_SECRET = 'linkage-index.key'

/**
 * @param folder of the linker's secrets
 * @returns 32 bytes; made when there are none
 * @throws as `loadOrCreateSecret` and `openSecretBox`
 */
export async function indexSecret(folder: string, config: ProviderConfig): Promise<Buffer> {
  return loadOrCreateSecret(folder, INDEX_SECRET, await openSecretBox(config, folder))
}
