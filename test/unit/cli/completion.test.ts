/** The scripts that complete command lines, and that bash completes with them. */
import { spawnSync } from 'node:child_process'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../services/cli/commands/index.ts'
import { completionScript } from '../../../services/cli/completion.ts'
import { commandsOf } from '../../../services/cli/exit-codes-page.ts'

const program = new Command('chainon').version('0')
for (const register of commands) register(program, {})
const script = completionScript(program, 'bash')

/** @returns what bash proposes after the words, of which the last one is not complete yet */
function proposed(...words: readonly string[]): readonly string[] {
  const line = words.map((word) => `'${word}'`).join(' ')
  const run = `COMP_WORDS=(chainon ${line}); COMP_CWORD=${words.length}
compopt() { files='(files)'; }
files=; _chainon; printf '%s\\n' "\${COMPREPLY[@]}" "$files"`
  const { status, stderr, stdout } = spawnSync('bash', ['-c', `set -u\n${script}\n${run}`], { encoding: 'utf8' })
  if (status !== 0 || stderr !== '') throw new Error(stderr)
  return stdout.split('\n').filter(Boolean)
}

describe('bash', () => {
  it.each<[readonly string[], readonly string[]]>([
    [['rec'], ['receipt']],
    [
      ['feeds', ''],
      ['privacy', 'check', 'new', 'diff', 'export'],
    ],
    [
      ['feeds', 'export', '--format', ''],
      ['odcs', 'asyncapi'],
    ],
    [['feeds', 'export', 'death', '--form'], ['--format']],
    [['up', '--ports', 'a'], ['auto']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['push', 'death', ''], ['(files)']],
    [['push', '--mapping', ''], ['(files)']],
    [['keys', 'cust'], []],
    [['--ver'], ['--version']],
    [['feeds', 'diff', '--help', '--js'], ['--json']],
  ])('%j', (words, expected) => expect(proposed(...words)).toEqual(expected))
})

it.each(['bash', 'zsh', 'fish'] as const)('%s: every command and option is in the script', (shell) => {
  const text = completionScript(program, shell)
  for (const [path, command] of commandsOf(program)) {
    expect(text).toContain(path)
    for (const { long } of command.options)
      expect(text).toContain(shell === 'fish' ? `-l ${long?.slice(2)}` : (long ?? ''))
  }
})
