/** A contract beside the versions of its schemas in the registry: those with which the records of the log were written. */
import { REGISTRY_KEYS, registeredVersions } from '#core/avro/ask-registry.ts'
import { readConfig } from '#core/config/read.ts'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { subjectOf, topicOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { changeLines, changesSince, isCompatible, verdict } from './diff.ts'

export interface RunningReport {
  readonly text: string
  readonly compatible: boolean
}

/** @throws ChainonError when the registry does not answer */
export async function compareWithRunning(contract: FeedContract, env: NodeJS.ProcessEnv): Promise<RunningReport> {
  const config = readConfig('feeds', [...REGISTRY_KEYS, 'CHAINON_NAMESPACE'], env)
  const lines: string[] = []
  let compatible = true
  for (const [zone, schema] of [
    ['identified', identifiedSchema(contract)],
    ['pseudonymised', pseudonymisedSchema(contract)],
  ] as const) {
    const subject = subjectOf(topicOf(config.CHAINON_NAMESPACE, zone, contract.feed))
    const versions = await registeredVersions(config, subject)
    const changes = changesSince(versions, JSON.parse(JSON.stringify(schema)) as typeof schema)
    if (!isCompatible(changes)) compatible = false
    const state = versions.length === 0 ? 'not registered yet' : `since version ${versions.length}: ${verdict(changes)}`
    lines.push(`  ${zone}: ${state}`, ...changeLines(changes))
  }
  return { text: `${lines.join('\n')}\n`, compatible }
}
