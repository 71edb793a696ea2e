/** The pipes between the steps of a circuit: with processes that only read, write and end. */
import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { collectHashed, type Launch, linkDirectly, openHashed } from '../../../services/cli/link-external.ts'

/** More than a pipe holds. */
const MUCH = 1_000_000
const READ = "const read = async (s) => { let t = ''; for await (const c of s) t += c; return t }"
const READY = "process.send('ready');"
const END = 'process.disconnect()'
const PASS = 'process.stdin.pipe(process.stdout)'
const ENCODE = `require('fs').writeFileSync(3, 'subjects'); process.stdout.write('x'.repeat(${MUCH}))`
const KEEP = `${READ}; ${READY} (async () => { const s = await read(require('fs').createReadStream('', { fd: 3 })); const m = await read(process.stdin); process.stdout.write(s + m.length); ${END} })()`

const direct = (launch: Launch) => linkDirectly({ run: '0'.repeat(16), encode: [], keep: [] }, launch)
const opens = (launch: Launch) => openHashed({ run: '0'.repeat(16), take: [], keep: [] }, launch)
const collects = (launch: Launch) => collectHashed({ run: '0'.repeat(16), keep: [] }, launch)

async function run(scripts: Readonly<Record<string, string>>, how = direct) {
  let output = ''
  const started: string[] = []
  const status = await how((service, args, stdio) => {
    started.push([service, args[0]].join(' ').trim())
    const wanted = (stdio as string[]).map((one) => (one === 'inherit' ? 'pipe' : one)) as typeof stdio
    const child = spawn(
      'node_modules/.bin/node',
      ['-e', scripts[`${service} ${args[0]}`] ?? scripts[service] ?? PASS],
      { stdio: wanted },
    )
    if (service === 'extract')
      child.stdout?.on('data', (bytes: Buffer) => {
        output += bytes.toString()
      })
    child.stderr?.resume()
    return child
  })
  return { status, output, started }
}

test('what the first step gives comes through two others and beside them to the last one', async () => {
  expect(await run({ deidentify: ENCODE, extract: KEEP })).toMatchObject({
    status: 0,
    output: `subjects${MUCH}`,
  })
})

test('a last step that refuses before it is ready starts nobody, and one that refuses later does not wait for the others', async () => {
  const early = await run({ deidentify: ENCODE, extract: `process.exitCode = 78; ${END}` })
  expect([early.status, early.started]).toEqual([78, ['extract']])
  expect((await run({ extract: `process.exitCode = 78; ${END}` }, collects)).started).toEqual(['extract'])
  const late = await run({ deidentify: ENCODE, extract: `${READY} process.exitCode = 1; ${END}` })
  expect([late.status, late.started.length]).toEqual([1, 4])
})

test('a step that fails is what is told, not those after it that got nothing', async () => {
  const unreadable = `${READ}; ${READY} read(process.stdin).then(() => { process.exitCode = 75; ${END} })`
  expect((await run({ deidentify: 'process.exitCode = 78', extract: unreadable })).status).toBe(78)
  expect((await run({ deidentify: ENCODE, linker: 'process.exitCode = 70', extract: unreadable })).status).toBe(70)
})

test('what the project file declares goes to deidentify, and what it holds then comes back', async () => {
  const declare = `require('fs').writeFileSync(3, 'declared'); require('fs').closeSync(3); ${READ}; ${READY} read(process.stdin).then((t) => { process.stdout.write(t); ${END} })`
  const take = `${READ}; read(process.stdin).then((t) => process.stdout.write(t + ', held'))`
  expect(await run({ extract: declare, deidentify: take }, opens)).toEqual({
    status: 0,
    output: 'declared, held',
    started: ['extract', 'deidentify open'],
  })
})

test('a circuit is destroyed when its correspondence is kept, and not before', async () => {
  const chain = ['extract', 'deidentify collect', 'curate']
  // As `curate` does: all is read before anything is written.
  const curate = `${READ}; read(process.stdin).then((t) => process.stdout.write(t))`
  const collected = await run({ 'deidentify collect': ENCODE, curate, extract: KEEP }, collects)
  expect(collected).toEqual({ status: 0, output: `subjects${MUCH}`, started: [...chain, 'deidentify destroy'] })
  const few = await run({ deidentify: ENCODE, extract: `${READY} process.exitCode = 1; ${END}` }, collects)
  expect([few.status, few.started]).toEqual([1, chain])
})
