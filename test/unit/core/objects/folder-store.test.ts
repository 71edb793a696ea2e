/** Objects in a folder: whole or not there, and never outside of it. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { objectStore } from '#core/objects/open.ts'

async function store() {
  const parent = mkdtempSync(join(tmpdir(), 'chainon-objects-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const root = join(parent, 'store')
  const opened = await objectStore({ CHAINON_OBJECT_DIR: root })
  if (!opened) throw new Error('no store')
  return { root, parent, store: opened }
}

test('an object is what was written last under its name, until it is removed; a folder lists what it has', async () => {
  const { store: objects, root } = await store()
  await objects.put('a/b/one', [Buffer.from('first'), Buffer.from(' part')])
  await objects.put('a/b/two', [])
  expect((await objects.get('a/b/one'))?.toString()).toBe('first part')
  await objects.put('a/b/one', [Buffer.from('second')])
  expect((await objects.get('a/b/one'))?.toString()).toBe('second')
  expect([await objects.list('a'), await objects.list('a/b'), await objects.list('none')]).toEqual([
    ['b'],
    ['one', 'two'],
    [],
  ])
  await objects.remove('a/b/one')
  await objects.remove('a/b/one')
  expect([await objects.get('a/b/one'), await objects.get('none/none')]).toEqual([undefined, undefined])
  await objects.remove('a/b/two')
  expect(existsSync(join(root, 'a', 'b'))).toBe(false)
  expect(readdirSync(join(root, 'drafts'))).toEqual([])
})

test('what fails while it is written is no object and leaves nothing; the draft of a process that ended is removed once it is old', async () => {
  const { store: objects, root } = await store()
  function* broken(): Generator<Buffer> {
    yield Buffer.from('half')
    throw new Error('the sealing fails')
  }
  await expect(objects.put('a/one', broken())).rejects.toThrow('the sealing fails')
  expect(await objects.get('a/one')).toBeUndefined()
  expect(readdirSync(join(root, 'drafts'))).toEqual([])
  const draft = join(root, 'drafts', 'of-another-process')
  writeFileSync(draft, 'half')
  expect(await objects.tidy(new Date(Date.now() - 60_000))).toBe(0)
  utimesSync(draft, 0, 0)
  expect(await objects.tidy(new Date(Date.now() - 60_000))).toBe(1)
  expect(readdirSync(join(root, 'drafts'))).toEqual([])
})

test.each(['../out', 'a/../../out', '/etc/passwd', 'a//b', '.hidden', 'a/.', '', 'a\0b', 'a\nb'])(
  'the name %j leads nowhere',
  async (name) => {
    const { store: objects, parent } = await store()
    for (const work of ['get', 'remove', 'list', 'put'] as const)
      await expect(objects[work](name, [])).rejects.toThrow('this is no name of an object')
    expect(readdirSync(parent)).toEqual(['store'])
  },
)

test('a failure of the disk is one of a dependency; a folder that cannot be made is one of the configuration', async () => {
  const { store: objects, root } = await store()
  writeFileSync(join(root, 'a'), 'a file in the place of a folder')
  await expect(objects.put('a/one', [])).rejects.toMatchObject({ code: 'dependency-unavailable' })
  await expect(objectStore({ CHAINON_OBJECT_DIR: join(root, 'a') })).rejects.toMatchObject({ code: 'configuration' })
  expect(await objectStore({ CHAINON_OBJECT_DIR: '' })).toBeUndefined()
  chmodSync(root, 0o700)
})
