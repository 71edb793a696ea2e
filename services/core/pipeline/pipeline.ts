/**
 * Builds a pipeline from steps, which run in the order of the list. Each step is listed with the outcome of a record for each fault
 * that the step can find: a fault that is new or misspelt does not compile until it has an outcome. The type of a pipeline has all
 * outcomes, and the reasons for which a step can drop a record.
 */
import type { DropReason, RecordFault } from '../faults/codes.ts'
import { exitStatus } from '../faults/errors.ts'
import { CHARACTERS_PER_SLICE, yieldDue, yieldToEventLoop } from '../process/event-loop.ts'
import type { BatchStep, GiveWay, LongStep, Step } from './step.ts'
import { type Drop, type Failure, fail, type Pass, type Provenance, pass } from './verdict.ts'

/** A failure with the step that found it and the outcome of the record. */
export interface Failed<Fault extends RecordFault = RecordFault, Outcome extends string = string>
  extends Failure<Fault> {
  /** The name of the step. */
  readonly stage: string
  readonly outcome: Outcome
  /** What the step threw, for the log of a record that made it fail. */
  readonly thrown?: unknown
}

/** The result of a pipeline for a record; kinds that no step can return are not in the type. */
export type Result<
  Out,
  Fault extends RecordFault = never,
  Outcome extends string = never,
  Reason extends DropReason = never,
> =
  | Pass<Out>
  | ([Fault] extends [never] ? never : Failed<Fault, Outcome>)
  | ([Reason] extends [never] ? never : Drop<Reason>)

/** A pipeline of steps that work on one record at a time. */
export interface RecordPipeline<
  In,
  Out,
  Fault extends RecordFault = never,
  Outcome extends string = never,
  Reason extends DropReason = never,
> {
  readonly stages: readonly string[]
  readonly run: (input: In) => Result<Out, Fault, Outcome, Reason>
}

/** Is told which record runs, for a record that ends its whole process. */
export interface RecordGuard {
  /** @param index of the input @returns false when it must not run: it is `worker-failed` */
  readonly enter: (index: number) => boolean
  /** No record runs. */
  readonly leave: () => void
}

/** A pipeline with a step that needs the whole batch. */
export interface BatchPipeline<
  In,
  Out,
  Fault extends RecordFault = never,
  Outcome extends string = never,
  Reason extends DropReason = never,
> {
  readonly stages: readonly string[]
  /** @returns one result for each input, in order; yields to the event loop between records */
  readonly runBatch: (
    inputs: readonly In[],
    guard?: RecordGuard,
  ) => Promise<readonly Result<Out, Fault, Outcome, Reason>[]>
}

/** The outcome of a record, for each fault that a step can find; no argument where it finds none. */
type OutcomesOf<Fault extends RecordFault, Outcome extends string> = [Fault] extends [never]
  ? []
  : [outcomes: Readonly<Record<Fault, Outcome>>]

interface RecordBuilder<In, Out, Fault extends RecordFault, Outcome extends string, Reason extends DropReason>
  extends BatchBuilder<In, Out, Fault, Outcome, Reason> {
  readonly step: <Next, F extends RecordFault = never, const O extends string = never, R extends DropReason = never>(
    step: Step<Out, Next, F, R>,
    ...outcomes: OutcomesOf<F, O>
  ) => RecordBuilder<In, Next, Fault | F, Outcome | O, Reason | R>
  readonly isolate: <const O extends string>(
    outcome: O,
  ) => RecordBuilder<In, Out, Fault | 'worker-failed', Outcome | O, Reason>
  readonly build: () => RecordPipeline<In, Out, Fault, Outcome, Reason>
}

interface BatchBuilder<In, Out, Fault extends RecordFault, Outcome extends string, Reason extends DropReason> {
  readonly step: <Next, F extends RecordFault = never, const O extends string = never, R extends DropReason = never>(
    step: Step<Out, Next, F, R>,
    ...outcomes: OutcomesOf<F, O>
  ) => BatchBuilder<In, Next, Fault | F, Outcome | O, Reason | R>
  readonly longStep: <
    Next,
    F extends RecordFault = never,
    const O extends string = never,
    R extends DropReason = never,
  >(
    step: LongStep<Out, Next, F, R>,
    ...outcomes: OutcomesOf<F, O>
  ) => BatchBuilder<In, Next, Fault | F, Outcome | O, Reason | R>
  readonly batchStep: <
    Next,
    F extends RecordFault = never,
    const O extends string = never,
    R extends DropReason = never,
  >(
    step: BatchStep<Out, Next, F, R>,
    ...outcomes: OutcomesOf<F, O>
  ) => BatchBuilder<In, Next, Fault | F, Outcome | O, Reason | R>
  /** An exception of a step, which is a bug, fails the record that caused it, with this outcome, and not the whole batch. */
  readonly isolate: <const O extends string>(
    outcome: O,
  ) => BatchBuilder<In, Out, Fault | 'worker-failed', Outcome | O, Reason>
  readonly buildBatch: () => BatchPipeline<In, Out, Fault, Outcome, Reason>
}

const EXIT_BUG = 70
/** Stage of a record that ended its process: the step is not known. */
const ENDED_PROCESS = 'process'

// The builders are typed by the interfaces above. Inside, the types of neighbouring steps were already compared and do not matter.

type Outcomes = Readonly<Record<string, string>>
type AnyVerdict = Pass<unknown> | Failure<RecordFault> | Drop<DropReason>
type AnyResult = Pass<unknown> | Failed | Drop<DropReason>
interface RoutedStep {
  readonly step: { readonly name: string; readonly run: (input: unknown) => AnyVerdict }
  readonly outcomes: Outcomes
}
interface RoutedLongStep {
  readonly step: {
    readonly name: string
    readonly runLong: (input: unknown, giveWay: GiveWay) => AnyVerdict | Promise<AnyVerdict>
  }
  readonly outcomes: Outcomes
}
interface RoutedBatchStep {
  readonly step: {
    readonly name: string
    readonly runBatch: (inputs: readonly unknown[]) => Promise<readonly AnyVerdict[]>
  }
  readonly outcomes: Outcomes
}

type AnyRoutedStep = RoutedStep | RoutedLongStep | RoutedBatchStep

/** @returns a builder; its first step receives `In` */
export function pipeline<In>(): RecordBuilder<In, In, never, never, never> {
  return builder([]) as RecordBuilder<In, In, never, never, never>
}

/** @param isolated outcome of a record that makes a step throw; without it the exception is the caller's */
function builder(steps: readonly AnyRoutedStep[], isolated?: string): unknown {
  const add = (step: AnyRoutedStep['step'], outcomes: Outcomes = {}) =>
    builder([...steps, { step, outcomes } as AnyRoutedStep], isolated)
  const stages = steps.map(({ step }) => step.name)
  return {
    step: add,
    longStep: add,
    batchStep: add,
    isolate: (outcome: string) => builder(steps, outcome),
    build: () => ({ stages, run: runRecordSteps(steps as readonly RoutedStep[], isolated) }),
    buildBatch: () => ({ stages, runBatch: runBatchSteps(steps, isolated) }),
  }
}

/** Runs the steps in order and stops at the first verdict that is not `pass`. */
function runRecordSteps(steps: readonly RoutedStep[], isolated: string | undefined): (input: unknown) => AnyResult {
  return function runRecord(input) {
    let value = input
    let passed: Pass<unknown> | undefined
    for (const { step, outcomes } of steps) {
      let verdict: AnyVerdict
      try {
        verdict = step.run(value)
      } catch (error) {
        if (isolated === undefined || !isBug(error)) throw error
        // The step is pure: it would throw again.
        return workerFailed(value, step.name, isolated, error)
      }
      if (verdict.kind !== 'pass') return resultOf(verdict, step.name, outcomes)
      passed = verdict
      value = verdict.value
    }
    return passed ?? pass(value)
  }
}

/** Neighbouring record steps run as one, record by record, so that few values are in memory at a time. */
function runBatchSteps(
  steps: readonly AnyRoutedStep[],
  isolated: string | undefined,
): (inputs: readonly unknown[], guard?: RecordGuard) => Promise<readonly AnyResult[]> {
  const sections: (RoutedBatchStep | RoutedLongStep | RoutedStep[])[] = []
  for (const routed of steps) {
    const last = sections.at(-1)
    if (isBatchStep(routed) || isLongStep(routed)) sections.push(routed)
    else if (Array.isArray(last)) last.push(routed)
    else sections.push([routed])
  }
  const runs = sections.map((section) => {
    if (Array.isArray(section)) return runEach(runRecordSteps(section, isolated), isolated)
    return isLongStep(section) ? runSlowly(section, isolated) : runTogether(section, isolated)
  })
  return async function runBatch(inputs, guard) {
    const results: AnyResult[] = inputs.map((value) => ({ kind: 'pass', value }))
    for (const run of runs) await run(results, guard)
    return results
  }
}

function isBatchStep(routed: AnyRoutedStep): routed is RoutedBatchStep {
  return 'runBatch' in routed.step
}

function isLongStep(routed: AnyRoutedStep): routed is RoutedLongStep {
  return 'runLong' in routed.step
}

/** Yields between records as `runEach` does, and within one. No record is under way while others run. */
function runSlowly(
  { step, outcomes }: RoutedLongStep,
  isolated: string | undefined,
): (results: AnyResult[], guard?: RecordGuard) => Promise<void> {
  return async function runSection(results, guard) {
    let characters = 0
    for (const [index, result] of results.entries()) {
      if (yieldDue(index)) {
        guard?.leave()
        await yieldToEventLoop()
      }
      if (result.kind !== 'pass') continue
      if (guard && isolated !== undefined && !guard.enter(index)) {
        results[index] = workerFailed(result.value, ENDED_PROCESS, isolated, undefined)
        continue
      }
      const giveWay: GiveWay = (processed) => {
        characters += processed
        if (characters < CHARACTERS_PER_SLICE) return undefined
        characters = 0
        guard?.leave()
        return yieldToEventLoop().then(() => void guard?.enter(index))
      }
      try {
        const verdict = step.runLong(result.value, giveWay)
        results[index] = resultOf(verdict instanceof Promise ? await verdict : verdict, step.name, outcomes)
      } catch (error) {
        if (isolated === undefined || !isBug(error)) throw error
        results[index] = workerFailed(result.value, step.name, isolated, error)
      }
    }
    guard?.leave()
  }
}

function runEach(
  run: (input: unknown) => AnyResult,
  isolated: string | undefined,
): (results: AnyResult[], guard?: RecordGuard) => Promise<void> {
  return async function runSection(results, guard) {
    for (const [index, result] of results.entries()) {
      if (yieldDue(index)) {
        guard?.leave()
        await yieldToEventLoop()
      }
      if (result.kind !== 'pass') continue
      if (guard && isolated !== undefined && !guard.enter(index))
        results[index] = workerFailed(result.value, ENDED_PROCESS, isolated, undefined)
      else results[index] = run(result.value)
    }
    guard?.leave()
  }
}

function runTogether(
  { step, outcomes }: RoutedBatchStep,
  isolated: string | undefined,
): (results: AnyResult[]) => Promise<void> {
  return async function runSection(results) {
    const places: number[] = []
    const values: unknown[] = []
    for (const [index, result] of results.entries()) {
      if (result.kind !== 'pass') continue
      places.push(index)
      values.push(result.value)
    }
    let verdicts: readonly AnyVerdict[]
    try {
      verdicts = await step.runBatch(values)
    } catch (error) {
      if (isolated === undefined || !isBug(error)) throw error
      for (const [index, value] of values.entries())
        results[places[index] as number] = await runAlone(step, outcomes, value, isolated)
      return
    }
    // With a verdict too few, a record would have no outcome.
    if (verdicts.length !== values.length)
      throw new Error(`step ${step.name} returned ${verdicts.length} verdicts for ${values.length} records`)
    for (const [index, verdict] of verdicts.entries())
      results[places[index] as number] = resultOf(verdict, step.name, outcomes)
  }
}

/** The cause is among the records of the batch: each runs alone, and one that fails its step so many times is at fault. */
const ATTEMPTS = 3

async function runAlone(
  step: RoutedBatchStep['step'],
  outcomes: Outcomes,
  value: unknown,
  isolated: string,
): Promise<AnyResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      const [verdict] = await step.runBatch([value])
      if (verdict) return resultOf(verdict, step.name, outcomes)
      throw new Error(`step ${step.name} returned no verdict for a record`)
    } catch (error) {
      if (!isBug(error)) throw error
      if (attempt === ATTEMPTS) return workerFailed(value, step.name, isolated, error)
    }
  }
}

/** A dependency's error is not a record's fault. */
function isBug(error: unknown): boolean {
  return exitStatus(error) === EXIT_BUG
}

function workerFailed(value: unknown, stage: string, outcome: string, thrown: unknown): Failed {
  const { provenance, body } = (value ?? {}) as { provenance?: Provenance; body?: { provenance?: Provenance } }
  return { ...fail('worker-failed', provenance ?? body?.provenance), stage, outcome, thrown }
}

function resultOf(verdict: AnyVerdict, stage: string, outcomes: Outcomes): AnyResult {
  if (verdict.kind !== 'fail') return verdict
  const outcome = outcomes[verdict.fault]
  if (outcome === undefined)
    throw new Error(`step ${stage} found the fault ${verdict.fault}, which its type does not name`)
  return { ...verdict, stage: verdict.foundBy?.stage ?? stage, outcome }
}
