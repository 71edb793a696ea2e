/**
 * Chapter 7: how to add a step.
 *
 * 1. A file in `steps/` (the gateway: `encode/`), named after the step: `round-weight.ts` exports `roundWeight`, whose `name` is
 *    'roundWeight'. That name is the `stage` of its faults in logs, metrics and the table `quarantine`.
 * 2. Each fault that it can find is a code in services/core/faults/codes.ts.
 * 3. One line in the service's `pipeline.ts`, with the outcome of a record for each fault. The compiler reports a missing outcome.
 * 4. A unit test in test/unit, at the same path.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pipeline } from '#core/pipeline/pipeline.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'

interface Measured {
  readonly weightKilograms: number
}

/** A factory: its arguments are what the step needs once (a contract, a secret, a limit). */
function roundWeight(digits: number): Step<Measured, Measured, 'number-range'> {
  const factor = 10 ** digits
  return {
    name: 'roundWeight',
    run: ({ weightKilograms }) =>
      weightKilograms > 500
        ? fail('number-range', undefined, [{ pointer: '/weight', rule: 'number-range' }])
        : pass({ weightKilograms: Math.round(weightKilograms * factor) / factor }),
  }
}

test('the step is one line of the pipeline', () => {
  const measured = pipeline<Measured>().step(roundWeight(1), { 'number-range': 'quarantined' }).build()
  expect(measured.run({ weightKilograms: 72.4567 })).toEqual({ kind: 'pass', value: { weightKilograms: 72.5 } })
  expect(measured.run({ weightKilograms: 7245 })).toMatchObject({ stage: 'roundWeight', outcome: 'quarantined' })
})

test('file, export and step have one name, in every service', () => {
  const folders = ['services/deidentify/steps', 'services/curate/steps']
  const files = folders.flatMap((folder) => readdirSync(folder).map((file) => [folder, file] as const))
  expect(files.length).toBeGreaterThan(6)
  for (const [folder, file] of files) {
    const name = file.replace('.ts', '').replaceAll(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase())
    const text = readFileSync(`${folder}/${file}`, 'utf8')
    expect([...text.matchAll(/^export function (\w+)/gm)].map(([, exported]) => exported)).toEqual([name])
    expect(text).toContain(`name: '${name}'`)
  }
})
