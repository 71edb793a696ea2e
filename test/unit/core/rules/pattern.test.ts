import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

/** Generous: the pattern ends within milliseconds, or after years. */
const BOUND_MS = 5_000

/** A contract with this pattern, read and applied to a value as the workers do, in a process that can be killed. */
const CHECK = `
  import { readFileSync } from 'node:fs'
  import { parseContract } from '#core/contract/parse.ts'
  import { compileRules } from '#core/rules/compile.ts'
  const json = JSON.parse(readFileSync('schemas/feeds/diagnosis.avsc', 'utf8'))
  json.fields.find(({ name }) => name === 'code').rules = [
    { id: 'code-form', check: 'pattern', pattern: process.env.PATTERN, severity: 'flag' },
  ]
  const { ok, contract, problems } = parseContract('diagnosis', JSON.stringify(json))
  const rule = ok && compileRules(contract, 'pseudonymised').find(({ id }) => id === 'code-form')
  process.stdout.write(ok ? rule.check({ code: process.env.VALUE }, 0) : problems.join())
`

function check(pattern: string, value: string) {
  const { stdout, stderr, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', CHECK], {
    env: { PATTERN: pattern, VALUE: value },
    encoding: 'utf8',
    timeout: BOUND_MS,
    killSignal: 'SIGKILL',
  })
  return { outcome: stdout, stderr, signal }
}

test.fails.each([
  ['^(a+)+$', `${'a'.repeat(40)}!`],
  ['^(a|a)*$', `${'a'.repeat(40)}!`],
  ['^(a?){40}a{40}$', 'a'.repeat(39)],
])('%s ends on a value that it almost matches', (pattern, value) => {
  expect(check(pattern, value)).toEqual({ outcome: 'failed', stderr: '', signal: null })
})
