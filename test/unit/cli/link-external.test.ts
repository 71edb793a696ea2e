/** The pipes between the steps of a direct circuit: with processes that only read, write and end. */
import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { linkDirectly } from '../../../services/cli/link-external.ts'

/** More than a pipe holds. */
const MUCH = 1_000_000
const READ = "const read = async (s) => { let t = ''; for await (const c of s) t += c; return t }"
const READY = "process.send('ready');"
const END = 'process.disconnect()'
const PASS = 'process.stdin.pipe(process.stdout)'
const ENCODE = `require('fs').writeFileSync(3, 'subjects'); process.stdout.write('x'.repeat(${MUCH}))`
const KEEP = `${READ}; ${READY} (async () => { const s = await read(require('fs').createReadStream('', { fd: 3 })); const m = await read(process.stdin); process.stdout.write(s + m.length); ${END} })()`

async function run(scripts: Readonly<Record<string, string>>) {
  let output = ''
  const started: string[] = []
  const status = await linkDirectly({ run: '0'.repeat(16), encode: [], keep: [] }, (service, _args, stdio) => {
    started.push(service)
    const wanted = (stdio as string[]).map((one) => (one === 'inherit' ? 'pipe' : one)) as typeof stdio
    const child = spawn('node_modules/.bin/node', ['-e', scripts[service] ?? PASS], { stdio: wanted })
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
  const late = await run({ deidentify: ENCODE, extract: `${READY} process.exitCode = 1; ${END}` })
  expect([late.status, late.started.length]).toEqual([1, 4])
})

test('a step that fails is what is told, not those after it that got nothing', async () => {
  const unreadable = `${READ}; ${READY} read(process.stdin).then(() => { process.exitCode = 75; ${END} })`
  expect((await run({ deidentify: 'process.exitCode = 78', extract: unreadable })).status).toBe(78)
  expect((await run({ deidentify: ENCODE, linker: 'process.exitCode = 70', extract: unreadable })).status).toBe(70)
})
