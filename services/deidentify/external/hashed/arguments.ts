/** The command line of what `deidentify` does with a circuit of hashed identifiers; `chainon link external` passes it on. */
import { parseArgs } from 'node:util'
import { CIRCUIT_ID } from '#core/linkage/external.ts'
import type { Reason } from './journal.ts'

export type HashedCommand =
  | { readonly command: 'open'; readonly id: string; readonly file: string; readonly secretFile: string }
  | { readonly command: 'collect'; readonly id: string }
  | { readonly command: 'destroy'; readonly id: string; readonly reason: Reason; readonly json: boolean }
  | { readonly command: 'status'; readonly json: boolean }
  | { readonly command: 'expire' }

export const USAGE = `usage: open FILE --run HEX --secret-file FILE
       collect --run HEX
       destroy --run HEX --reason collected|abandoned [--json]
       status [--json]
       expire
`

/** @returns the command, or undefined when the line is not valid */
export function readHashedArguments(args: readonly string[]): HashedCommand | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{ run: { type: 'string' }, 'secret-file': { type: 'string' }, reason: { type: 'string' } },
        json: { type: 'boolean' },
      },
    })
    const [command, file, ...rest] = positionals
    const { run: id = '', 'secret-file': secretFile, reason, json = false } = values
    if (rest.length > 0 || (command === 'open') !== (file !== undefined)) return undefined
    if (command === 'status') return { command, json }
    if (command === 'expire') return { command }
    if (!new RegExp(CIRCUIT_ID).test(id)) return undefined
    if (command === 'open' && file !== undefined && secretFile !== undefined) return { command, id, file, secretFile }
    if (command === 'collect') return { command, id }
    if (command === 'destroy' && (reason === 'collected' || reason === 'abandoned'))
      return { command, id, reason, json }
    return undefined
  } catch {
    return undefined
  }
}
