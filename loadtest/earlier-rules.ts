/** The contracts of before their rules became stricter, for a gateway that must accept what the workers, with the present ones, reject. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface WrittenRules {
  rules?: { severity: string }[]
}

/**
 * Copies contracts so that no rule rejects: each of severity reject is one of severity flag. Nothing else changes; the schemas in the registry
 * have no rules.
 *
 * @param from folder of the contracts
 * @param to folder of the copies, made when missing
 */
export function writeEarlierRules(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from).filter((one) => one.endsWith('.avsc'))) {
    const contract = JSON.parse(readFileSync(join(from, name), 'utf8')) as WrittenRules & { fields: WrittenRules[] }
    for (const { rules = [] } of [contract, ...contract.fields]) for (const rule of rules) rule.severity = 'flag'
    writeFileSync(join(to, name), `${JSON.stringify(contract, null, 2)}\n`)
  }
}
