/** What each user of the schema registry may do: `provision` registers, the others read, and nobody does anything without a password. */
import { expect, it } from 'vitest'
import { askRegistry, registryBody } from '../helpers/registry.ts'
import { ownNamespace, servers } from '../helpers/servers.ts'

const subject = `${ownNamespace()}rights-value`
const schema = registryBody('POST', { schema: JSON.stringify({ type: 'record', name: 'r', fields: [] }) })
const anonymous = { SCHEMA_REGISTRY_URL: servers().SCHEMA_REGISTRY_URL }

const CHANGES = [
  ['registers a schema', `/subjects/${subject}/versions`, schema],
  ['changes how a subject is checked', `/config/${subject}`, registryBody('PUT', { compatibility: 'NONE' })],
  ['changes how all subjects are checked', '/config', registryBody('PUT', { compatibility: 'NONE' })],
  ['deletes a subject', `/subjects/${subject}`, { method: 'DELETE' }],
] as const

it.fails.each(CHANGES)('nobody without a password %s', async (_what, path, init) => {
  expect((await askRegistry(anonymous, path, init)).status).toBe(401)
})
