/** How a command ends: its status is in the table, and a reader that ends first is no failure. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { FAULTS, type FaultCode } from '#core/faults/codes.ts'
import { ChainonError, exitStatus } from '#core/faults/errors.ts'
import { EXIT_CODES } from '#core/faults/exit-codes.ts'
import { commands } from '../../../services/cli/commands/index.ts'
import { commandsOf, EXIT_CODES_FILE, exitCodesPage } from '../../../services/cli/exit-codes-page.ts'

const program = new Command('chainon')
for (const register of commands) register(program, {})
const known = Object.keys(EXIT_CODES)

async function run(line: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn('bash', ['-c', line], { env: { ...process.env, ...env, NODE: process.execPath } })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr }
}
const CHAINON = '"$NODE" services/cli/main.ts'

describe('exit statuses', () => {
  it('are those of docs/exit-codes.md: `npm run docs` writes it', () => {
    expect(readFileSync(EXIT_CODES_FILE, 'utf8')).toBe(exitCodesPage(program))
  })
  it('of every fault are in the table', () => {
    for (const code of Object.keys(FAULTS) as FaultCode[])
      expect(known).toContain(String(exitStatus(new ChainonError(code, 'x'))))
  })
  it('that the commands set, or name in their help, are in the table', () => {
    const sources = readdirSync('services/cli', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join('services/cli', file), 'utf8'))
    const set = sources.flatMap((source) =>
      [...source.matchAll(/\b(?:exitCode = |exit\()(\d+)/g)].map(([, code]) => code),
    )
    const named = commandsOf(program).flatMap(([, command]) =>
      [...command.description().matchAll(/\b(?:[Ee]xits )?with (\d+)\b/g)].map(([, code]) => code),
    )
    expect(set.length).toBeGreaterThan(5)
    expect(named.length).toBeGreaterThan(10)
    expect([...set, ...named].filter((code) => !known.includes(code ?? ''))).toEqual([])
  })
})

describe('what reads the output ends first', () => {
  it.each(['config', 'feeds --json', 'feeds check schemas/feeds/death.avsc', '--help'])('chainon %s', async (words) => {
    expect(await run(`${CHAINON} ${words} | true; echo "status \${PIPESTATUS[0]}"`)).toEqual({
      stdout: 'status 0\n',
      stderr: '',
    })
  })
})

it('prints no colours, whatever the environment says', async () => {
  const escape = '\u001b'
  const line = `${CHAINON} feeds; ${CHAINON} feedz`
  const { stdout, stderr } = await run(line, { FORCE_COLOR: '3' })
  expect(stdout).toContain('observation')
  expect(stderr).toContain('feeds')
  expect(`${stdout}${stderr}`).not.toContain(escape)
})
