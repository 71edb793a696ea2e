/** An extraction reads tables of one key of pseudonyms: while they move to another one, some have the new pseudonyms and some not, and nothing joins. */
import { keyVersions, rotating } from '#core/custody/key-versions.ts'
import type { KeyRegister } from '#core/custody/registered-secret.ts'
import { ChainonError } from '#core/faults/errors.ts'

/** @returns the version of the pseudonyms in all tables @throws ChainonError key-rotation while rows are replaced */
export async function keyOfTables(register: Pick<KeyRegister, 'read'>): Promise<number> {
  const versions = keyVersions((await register.read()).keys())
  if (versions.open?.phase === 'switching') throw rotating(versions)
  return versions.inForce
}

/** @throws ChainonError key-rotation when rows were replaced since */
export async function assertSameKey(register: Pick<KeyRegister, 'read'>, before: number): Promise<void> {
  if ((await keyOfTables(register)) !== before)
    throw new ChainonError(
      'key-rotation',
      'the warehouse moved to another key of pseudonyms while it was read: extract again',
    )
}
