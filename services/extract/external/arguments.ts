/** The command line of the last step; `chainon link external` passes it on. */
import { parseArgs } from 'node:util'
import { CIRCUIT_ID } from '#core/linkage/external.ts'
import { CIRCUITS, type Circuit } from '../project-schema.ts'

export interface LinkCommand {
  readonly command: 'link'
  readonly circuit: Circuit
  /** Of the project. */
  readonly project: string
  /** Of the cohort, in the indirect circuit. */
  readonly file: string | undefined
  readonly id: string
  readonly days: number
  readonly threshold: number
  readonly dryRun: boolean
  readonly json: boolean
}

/** Says what the project's file declares of a circuit that is opened. */
export interface DeclareCommand {
  readonly command: 'declare'
  readonly project: string
  readonly id: string
  readonly dryRun: boolean
  readonly json: boolean
}

export type ExternalCommand =
  | LinkCommand
  | DeclareCommand
  | { readonly command: 'list' | 'expire'; readonly json: boolean }
  | { readonly command: 'open' | 'destroy'; readonly id: string; readonly json: boolean }

export const USAGE = `usage: link CIRCUIT --project FILE --run HEX --days N [--file FILE] [--threshold P] [--dry-run] [--json]
       declare --project FILE --run HEX [--dry-run] [--json]
       list|expire [--json]
       open|destroy ID [--json]
`

const MOST_DAYS = 366
const LEAST_THRESHOLD = 0.75

/** @returns the command, or undefined when the line is not valid */
export function readExternalArguments(args: readonly string[]): ExternalCommand | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{ project: { type: 'string' }, run: { type: 'string' }, file: { type: 'string' }, days: { type: 'string' } },
        ...{ threshold: { type: 'string' }, 'dry-run': { type: 'boolean' }, json: { type: 'boolean' } },
      },
    })
    const [command, target, ...rest] = positionals
    const { json = false, project, file, run: id = '', 'dry-run': dryRun = false } = values
    if (rest.length > 0) return undefined
    if ((command === 'list' || command === 'expire') && target === undefined) return { command, json }
    if ((command === 'open' || command === 'destroy') && target !== undefined) return { command, id: target, json }
    const hasId = new RegExp(CIRCUIT_ID).test(id)
    if (command === 'declare' && target === undefined && project !== undefined && hasId)
      return { command, project, id, dryRun, json }
    const circuit = CIRCUITS.find((one) => one === target)
    const [days, threshold] = [Number(values.days), Number(values.threshold ?? '0.9')]
    const isSound =
      hasId &&
      Number.isInteger(days) &&
      days >= 1 &&
      days <= MOST_DAYS &&
      threshold >= LEAST_THRESHOLD &&
      threshold < 1 &&
      (circuit === 'indirect') === (file !== undefined) &&
      // How many a circuit has found is not told before it is collected.
      !(circuit === 'hashed' && dryRun)
    if (command !== 'link' || !circuit || project === undefined || !isSound) return undefined
    return { command, circuit, project, file, id, days, threshold, dryRun, json }
  } catch {
    return undefined
  }
}
