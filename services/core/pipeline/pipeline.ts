/**
 * Builds a record's way from steps, read top to bottom. The type of a pipeline carries every fault that its steps can
 * return, so a handler that forgets one does not compile.
 */
import type { Verdict } from './verdict.ts'

export interface Step<In, Out, Fault extends string = never> {
  readonly name: string
  run(input: In): Verdict<Out, Fault>
}

export interface Pipeline<In, Out, Fault extends string> {
  readonly name: string
  readonly steps: readonly string[]
  run(input: In): Verdict<Out, Fault>
}

interface Builder<In, Out, Fault extends string> {
  step<Next, NextFault extends string = never>(next: Step<Out, Next, NextFault>): Builder<In, Next, Fault | NextFault>
  build(): Pipeline<In, Out, Fault>
}

interface AnyStep {
  readonly name: string
  run(input: unknown): Verdict<unknown, string>
}

/** @returns a builder whose `build()` runs the steps in order and stops at the first verdict that is not `pass`. */
export function pipeline<In>(name: string): Builder<In, In, never> {
  return extend<In, In, never>(name, [])
}

function extend<In, Out, Fault extends string>(name: string, steps: readonly AnyStep[]): Builder<In, Out, Fault> {
  return {
    step: (next) => extend(name, [...steps, next as unknown as AnyStep]),
    build: () => ({
      name,
      steps: steps.map((step) => step.name),
      run(input) {
        let value: unknown = input
        for (const step of steps) {
          const verdict = step.run(value)
          if (verdict.kind !== 'pass') return verdict as Verdict<Out, Fault>
          value = verdict.value
        }
        return { kind: 'pass', value: value as Out }
      },
    }),
  }
}
