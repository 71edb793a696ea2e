import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { announcementOf, authorityOf, readAnnouncement } from '#core/sealing/announcements.ts'
import { testDayKey } from '../../../helpers/sealed.ts'

const authority = generateKeyPairSync('ed25519').privateKey
const other = generateKeyPairSync('ed25519').privateKey
const read = (text: string, namespace = 'n.') => readAnnouncement(namespace, { value: Buffer.from(text) })

test('an announcement gives the key, and who signed it', async () => {
  const key = await testDayKey(20_000)
  expect(read(announcementOf('n.', key, authority))).toMatchObject({ ...key, authority: authorityOf(authority) })
})

test('what was changed, moved to another namespace or day, or signed by somebody else in the name of the authority is not one', async () => {
  const key = await testDayKey(20_000)
  const text = announcementOf('n.', key, authority)
  expect(read(text, 'm.')).toBeUndefined()
  const changed = (more: object) => read(JSON.stringify({ ...(JSON.parse(text) as object), ...more }))
  expect(changed({})).toBeDefined()
  expect(changed({ day: '2024-10-05' })).toBeUndefined()
  expect(changed({ public_key: Buffer.alloc(32, 1).toString('base64') })).toBeUndefined()
  expect(changed({ authority: authorityOf(other) })).toBeUndefined()
  const forged = JSON.parse(announcementOf('n.', key, other)) as { signature: string }
  expect(changed({ signature: forged.signature })).toBeUndefined()
  for (const junk of ['', '{}', 'null', '[1]', '{"day":"2024-10-04"}']) expect(read(junk)).toBeUndefined()
})
