/** The example project as an object to change, and the contracts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { loadContracts } from '#core/contract/load.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { type ProjectFile, parseProjectFile } from '../../../services/extract/project-file.ts'

const ROOT = join(import.meta.dirname, '../../..')
export const TODAY = '2026-11-23'
export const contracts = loadContracts(join(ROOT, 'schemas/feeds'))
export const byFeed = new Map(contracts.map((contract) => [contract.feed, contract]))
export const exampleText = readFileSync(join(ROOT, 'deploy/projects/example.yaml'), 'utf8')

/** @returns the example with some keys replaced; undefined removes one */
export function exampleWith(changes: Readonly<Record<string, unknown>>): string {
  const example = { ...(parse(exampleText) as Record<string, unknown>), ...changes }
  // JSON is YAML.
  return JSON.stringify(example)
}

/** @returns the problems of the file, empty when it is valid */
export function problemsOf(text: string): readonly string[] {
  try {
    parseProjectFile(text, contracts, TODAY)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
}

export function projectWith(changes: Readonly<Record<string, unknown>>): ProjectFile {
  return parseProjectFile(exampleWith(changes), contracts, TODAY)
}
