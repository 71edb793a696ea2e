/** What the pages tell people to type exists: commands, their options and arguments, and settings. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Command } from 'commander'
import { expect, it } from 'vitest'
import { KEYS } from '#core/config/keys.ts'
import { commands } from '../../../services/cli/commands/index.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const SECURITY = join(ROOT, 'docs', 'security')
const pages = [
  ...readdirSync(SECURITY).map((file) => join(SECURITY, file)),
  ...['README.md', 'SECURITY.md'].map((file) => join(ROOT, file)),
]

const program = new Command('chainon').version('0')
for (const register of commands) register(program, {})

/** @returns what is wrong with a command line; undefined when the command has all of it */
function wrongWith(line: string): string | undefined {
  let command = program
  const words = line.split(' ').slice(1)
  for (;;) {
    const next = command.commands.find((one) => one.name() === words[0] || one.aliases().includes(words[0] ?? ''))
    if (!next) break
    command = next
    words.shift()
  }
  if (command === program) return words[0]?.startsWith('-') ? undefined : 'no such command'
  if (command.commands.length > 0 && words[0] !== undefined && !words[0].startsWith('-'))
    return `no command ${words[0]}`
  // Those of another program's own parser.
  if (command.description().includes('--help`')) return undefined
  const known = command.options.flatMap(({ long }) => long ?? [])
  const unknown = words
    .filter((word) => word.startsWith('--'))
    .find((word) => !known.includes(word.split('=')[0] ?? ''))
  return unknown && `no option ${unknown}`
}

/** @returns each command of a page, also of its blocks of code, without comments and what follows a pipe */
function commandsOf(text: string): readonly string[] {
  const lines = [...text.matchAll(/^(?:npx )?(chainon [^\n#|>]*)/gm), ...text.matchAll(/`(?:npx )?(chainon [^`]*)`/g)]
  return lines.flatMap(([, line = '']) => alternatives(line.trim().replaceAll(/ {2,}.*$/g, '')))
}

/** @returns the lines that `a b|c` stands for */
function alternatives(line: string): readonly string[] {
  const several = line.split(' ').find((word) => /^[a-z]+(?:\|[a-z]+)+$/.test(word))
  return several ? several.split('|').map((one) => line.replace(several, one)) : [line]
}

it('names no command, option or setting that does not exist', () => {
  const wrong = pages.flatMap((page) => {
    const text = readFileSync(page, 'utf8')
    const place = relative(ROOT, page)
    const lines = commandsOf(text).flatMap((line) => (wrongWith(line) ? [`${place}: ${line}: ${wrongWith(line)}`] : []))
    const settings = [
      ...text.matchAll(/`?\b(CHAINON_[A-Z0-9_]+|(?:KAFKA|CLICKHOUSE|SCHEMA_REGISTRY|REDIS)_[A-Z_]+)\b/g),
    ]
      .map(([, name = '']) => name)
      .filter((name) => !(name in KEYS))
    return [...lines, ...settings.map((name) => `${place}: ${name}`)]
  })
  expect(wrong).toEqual([])
})

it('finds what does not exist', () => {
  expect(['chainon keys', 'chainon keys shred DAY --dry-run', 'chainon --version'].map(wrongWith)).toEqual(
    Array(3).fill(undefined),
  )
  expect(['chainon keyz', 'chainon keys melt', 'chainon keys shred DAY --soon'].map(wrongWith)).toEqual([
    'no such command',
    'no command melt',
    'no option --soon',
  ])
  expect(commandsOf('see `chainon audit verify|list` and\n```sh\nnpx chainon keys list --json | less\n```')).toEqual([
    'chainon keys list --json',
    'chainon audit verify',
    'chainon audit list',
  ])
})
