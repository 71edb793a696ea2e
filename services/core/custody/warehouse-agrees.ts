/** What the warehouse knows of keys that are used where no warehouse is reached. */
import { ConfigurationError } from '../faults/errors.ts'
import type { KeyRegister } from './registered-secret.ts'

/**
 * Registers in the warehouse what is new in Kafka.
 *
 * @param fingerprints of Kafka's register
 * @throws ConfigurationError when Kafka has another fingerprint than the warehouse: what is in the log was made with another key
 *   than what is in the tables
 */
export async function warehouseAgrees(
  fingerprints: ReadonlyMap<string, string>,
  warehouse: KeyRegister,
): Promise<void> {
  const known = await warehouse.read()
  const others = [...fingerprints].filter(([name, now]) => known.has(name) && known.get(name) !== now)
  if (others.length > 0)
    throw new ConfigurationError(
      'The warehouse was loaded with other keys',
      others.map(
        ([name, now]) =>
          `${name}: the log has the fingerprint ${now}, and the warehouse ${known.get(name)}: a patient would have two pseudonyms in one table`,
      ),
    )
  for (const [name, fingerprint] of fingerprints) if (!known.has(name)) await warehouse.register(name, fingerprint)
}
