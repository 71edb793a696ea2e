/** What each user of the schema registry may do: `provision` registers, the others read, and nobody does anything without a password. */
import { beforeAll, describe, expect, it } from 'vitest'
import { REGISTRY_RIGHTS } from '#core/avro/registry-rights.ts'
import { askRegistry, registryBody } from '../helpers/registry.ts'
import { login, ownNamespace, servers } from '../helpers/servers.ts'

const subject = `${ownNamespace()}rights-value`
const none = registryBody('PUT', { compatibility: 'NONE' })
const schemaOf = (name: string) =>
  registryBody('POST', { schema: JSON.stringify({ type: 'record', name, fields: [{ name: 'a', type: 'int' }] }) })
const schema = schemaOf('r')
const as = (user: string) => ({ ...servers(), ...login(user) })
const statusFor = async (user: string, path: string, init?: RequestInit) =>
  (await askRegistry(as(user), path, init)).status

const CHANGES = [
  ['registers a schema', `/subjects/${subject}/versions`, schema],
  ['changes how a subject is checked', `/config/${subject}`, none],
  ['changes how all subjects are checked', '/config', none],
  ['deletes a subject', `/subjects/${subject}`, { method: 'DELETE' }],
  ['deletes a version', `/subjects/${subject}/versions/1`, { method: 'DELETE' }],
  ['sets the mode', '/mode', registryBody('PUT', { mode: 'IMPORT' })],
] as const
/** Other spellings of a path, and what no program of ours uses. */
const SPELLINGS = [
  [`/subjects/${subject}/versions/`, schema],
  [`/subjects/${subject}//versions`, schema],
  [`//subjects/${subject}/versions`, schema],
  [`/subjects/${subject}/%76ersions`, schema],
  [`/subjects/${subject}/versions;a=b`, schema],
  [`/subjects/${subject}/versions?normalize=true`, schema],
  [`/subjects/${subject}%2Fx/versions`, schema],
  [`/../v6/subjects/${subject}/versions`, schema],
  [`/subjects/${subject}`, { method: 'PATCH' }],
] as const
const OTHERS = [
  '/',
  '/apis',
  '/ui',
  '/metrics',
  '/health',
  '/apis/registry/v3/search/artifacts',
  '/apis/registry/v3/admin/export',
]

const READERS = Object.entries(REGISTRY_RIGHTS).flatMap(([user, { may }]) => (may === 'read' ? [user] : []))

beforeAll(async () => {
  expect(await statusFor('provision', `/subjects/${subject}/versions`, schema)).toBe(200)
})

describe('nobody without a password', () => {
  const anonymous = { SCHEMA_REGISTRY_URL: servers().SCHEMA_REGISTRY_URL }
  const wrong = { ...as('provision'), SCHEMA_REGISTRY_PASSWORD: login('gateway').SCHEMA_REGISTRY_PASSWORD }

  it.each(CHANGES)('%s', async (_what, path, init) => {
    for (const env of [anonymous, wrong]) expect((await askRegistry(env, path, init)).status).toBe(401)
  })

  it('reads', async () => {
    for (const path of ['/subjects', `/subjects/${subject}/versions/1`, '/config', '/schemas/types'])
      for (const env of [anonymous, wrong]) expect((await askRegistry(env, path)).status, path).toBe(401)
  })
})

describe.each(READERS)('%s', (user) => {
  it('asks whether a schema is registered, and registers none', async () => {
    expect(await statusFor(user, `/subjects/${subject}`, schema)).toBe(200)
    expect(await statusFor(user, `/subjects/${subject}/versions`, schema)).toBe(403)
  })
})

it('who reads reads everything, and changes nothing', async () => {
  for (const path of ['/schemas/types', '/subjects', `/subjects/${subject}/versions`])
    expect(await statusFor('gateway', path), path).toBe(200)
  expect(await statusFor('gateway', `/subjects/${subject}`, schemaOf('other'))).toBe(404)
  for (const [what, path, init] of CHANGES) expect(await statusFor('gateway', path, init), what).toBe(403)
})

it('another spelling of a path changes nothing either', async () => {
  for (const [path, init] of SPELLINGS)
    expect([400, 403, 404, 405], path).toContain(await statusFor('gateway', path, init))
  expect(await (await askRegistry(as('gateway'), `/subjects/${subject}/versions`)).json()).toEqual([1])
})

it('provision registers, sets how its subjects are checked, and deletes nothing', async () => {
  expect(await statusFor('provision', `/config/${subject}`, registryBody('PUT', { compatibility: 'BACKWARD' }))).toBe(
    200,
  )
  for (const [what, path, init] of CHANGES.slice(2)) expect(await statusFor('provision', path, init), what).toBe(403)
})

it('no other interface of the registry is open to anybody', async () => {
  const { origin } = new URL(servers().SCHEMA_REGISTRY_URL ?? '')
  for (const path of OTHERS)
    for (const user of ['admin', 'provision', 'gateway'])
      expect((await askRegistry({ ...as(user), SCHEMA_REGISTRY_URL: origin }, path)).status, path).toBe(403)
})

it('the administrator deletes', async () => {
  expect(await statusFor('admin', `/subjects/${subject}`, { method: 'DELETE' })).toBe(200)
})
