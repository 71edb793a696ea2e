/** The command line of the service; `chainon project` passes it on. */
import { parseArgs } from 'node:util'

export type Command =
  | {
      readonly command: 'extract'
      readonly file: string
      readonly dryRun: boolean
      readonly allowSmall: boolean
      readonly json: boolean
    }
  | { readonly command: 'verify'; readonly dir: string; readonly json: boolean }
  | { readonly command: 'list'; readonly json: boolean }

export const USAGE = `usage: extract FILE [--dry-run] [--allow-small] [--json]
       verify DIR [--json]
       list [--json]
`

/** @returns the command, or undefined when the line is not valid */
export function readArguments(args: readonly string[]): Command | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, 'dry-run': { type: 'boolean' }, 'allow-small': { type: 'boolean' } },
    })
    const [command, target, ...rest] = positionals
    const json = values.json === true
    const dryRun = values['dry-run'] === true
    const allowSmall = values['allow-small'] === true
    if (rest.length > 0) return undefined
    if (command === 'extract' && target) return { command, file: target, dryRun, allowSmall, json }
    if (dryRun || allowSmall) return undefined
    if (command === 'verify' && target) return { command, dir: target, json }
    return command === 'list' && target === undefined ? { command, json } : undefined
  } catch {
    return undefined
  }
}
