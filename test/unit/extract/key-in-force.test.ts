import { expect, it } from 'vitest'
import { secondLevelKey, stepName } from '#core/custody/key-versions.ts'
import { assertSameKey, keyOfTables } from '../../../services/extract/key-in-force.ts'

const registerOf = (...steps: readonly ('begun' | 'switching' | 'in force')[]) => ({
  read: async () => new Map([secondLevelKey(2), ...steps.map((step) => stepName(2, step))].map((name) => [name, 'f'])),
})

it('an extraction goes on while a rotation copies, and not while or after rows are replaced', async () => {
  const before = await keyOfTables(registerOf())
  await expect(assertSameKey(registerOf('begun'), before)).resolves.toBeUndefined()
  await expect(assertSameKey(registerOf('begun', 'switching'), before)).rejects.toMatchObject({ code: 'key-rotation' })
  await expect(assertSameKey(registerOf('begun', 'switching', 'in force'), before)).rejects.toThrow('extract again')
  await expect(keyOfTables(registerOf('begun', 'switching'))).rejects.toMatchObject({ code: 'key-rotation' })
  await expect(keyOfTables(registerOf('begun', 'switching', 'in force'))).resolves.toBe(2)
})
