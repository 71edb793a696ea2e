/**
 * Builds a pipeline from steps, which run in the order of the list. Each step is listed with the outcome of a record for each fault
 * that the step can find: a fault that is new or misspelt does not compile until it has an outcome. The type of a pipeline has all
 * outcomes, and the reasons for which a step can drop a record.
 */
import type { DropReason, RecordFault } from '../faults/codes.ts'
import { yieldDue, yieldToEventLoop } from '../process/event-loop.ts'
import type { BatchStep, Step } from './step.ts'
import { type Drop, type Failure, type Pass, pass } from './verdict.ts'

/** A failure with the step that found it and the outcome of the record. */
export interface Failed<Fault extends RecordFault = RecordFault, Outcome extends string = string>
  extends Failure<Fault> {
  /** The name of the step. */
  readonly stage: string
  readonly outcome: Outcome
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
  readonly runBatch: (inputs: readonly In[]) => Promise<readonly Result<Out, Fault, Outcome, Reason>[]>
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
  readonly build: () => RecordPipeline<In, Out, Fault, Outcome, Reason>
}

interface BatchBuilder<In, Out, Fault extends RecordFault, Outcome extends string, Reason extends DropReason> {
  readonly step: <Next, F extends RecordFault = never, const O extends string = never, R extends DropReason = never>(
    step: Step<Out, Next, F, R>,
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
  readonly buildBatch: () => BatchPipeline<In, Out, Fault, Outcome, Reason>
}

// The builders are typed by the interfaces above. Inside, the types of neighbouring steps were already compared and do not matter.

type Outcomes = Readonly<Record<string, string>>
type AnyVerdict = Pass<unknown> | Failure<RecordFault> | Drop<DropReason>
type AnyResult = Pass<unknown> | Failed | Drop<DropReason>
interface RoutedStep {
  readonly step: { readonly name: string; readonly run: (input: unknown) => AnyVerdict }
  readonly outcomes: Outcomes
}
interface RoutedBatchStep {
  readonly step: {
    readonly name: string
    readonly runBatch: (inputs: readonly unknown[]) => Promise<readonly AnyVerdict[]>
  }
  readonly outcomes: Outcomes
}

/** @returns a builder; its first step receives `In` */
export function pipeline<In>(): RecordBuilder<In, In, never, never, never> {
  return builder([]) as RecordBuilder<In, In, never, never, never>
}

function builder(steps: readonly (RoutedStep | RoutedBatchStep)[]): unknown {
  const add = (step: RoutedStep['step'] | RoutedBatchStep['step'], outcomes: Outcomes = {}) =>
    builder([...steps, { step, outcomes } as RoutedStep | RoutedBatchStep])
  const stages = steps.map(({ step }) => step.name)
  return {
    step: add,
    batchStep: add,
    build: () => ({ stages, run: runRecordSteps(steps as readonly RoutedStep[]) }),
    buildBatch: () => ({ stages, runBatch: runBatchSteps(steps) }),
  }
}

/** Runs the steps in order and stops at the first verdict that is not `pass`. */
function runRecordSteps(steps: readonly RoutedStep[]): (input: unknown) => AnyResult {
  return function runRecord(input) {
    let value = input
    let passed: Pass<unknown> | undefined
    for (const { step, outcomes } of steps) {
      const verdict = step.run(value)
      if (verdict.kind !== 'pass') return resultOf(verdict, step.name, outcomes)
      passed = verdict
      value = verdict.value
    }
    return passed ?? pass(value)
  }
}

/** Neighbouring record steps run as one, record by record, so that few values are in memory at a time. */
function runBatchSteps(
  steps: readonly (RoutedStep | RoutedBatchStep)[],
): (inputs: readonly unknown[]) => Promise<readonly AnyResult[]> {
  const sections: (RoutedBatchStep | RoutedStep[])[] = []
  for (const routed of steps) {
    const last = sections.at(-1)
    if (isBatchStep(routed)) sections.push(routed)
    else if (Array.isArray(last)) last.push(routed)
    else sections.push([routed])
  }
  const runs = sections.map((section) =>
    Array.isArray(section) ? runEach(runRecordSteps(section)) : runTogether(section),
  )
  return async function runBatch(inputs) {
    const results: AnyResult[] = inputs.map((value) => ({ kind: 'pass', value }))
    for (const run of runs) await run(results)
    return results
  }
}

function isBatchStep(routed: RoutedStep | RoutedBatchStep): routed is RoutedBatchStep {
  return 'runBatch' in routed.step
}

function runEach(run: (input: unknown) => AnyResult): (results: AnyResult[]) => Promise<void> {
  return async function runSection(results) {
    for (const [index, result] of results.entries()) {
      if (yieldDue(index)) await yieldToEventLoop()
      if (result.kind === 'pass') results[index] = run(result.value)
    }
  }
}

function runTogether({ step, outcomes }: RoutedBatchStep): (results: AnyResult[]) => Promise<void> {
  return async function runSection(results) {
    const places: number[] = []
    const values: unknown[] = []
    for (const [index, result] of results.entries()) {
      if (result.kind !== 'pass') continue
      places.push(index)
      values.push(result.value)
    }
    const verdicts = await step.runBatch(values)
    // With a verdict too few, a record would have no outcome.
    if (verdicts.length !== values.length)
      throw new Error(`step ${step.name} returned ${verdicts.length} verdicts for ${values.length} records`)
    for (const [index, verdict] of verdicts.entries())
      results[places[index] as number] = resultOf(verdict, step.name, outcomes)
  }
}

function resultOf(verdict: AnyVerdict, stage: string, outcomes: Outcomes): AnyResult {
  if (verdict.kind !== 'fail') return verdict
  const outcome = outcomes[verdict.fault]
  if (outcome === undefined)
    throw new Error(`step ${stage} found the fault ${verdict.fault}, which its type does not name`)
  return { ...verdict, stage: verdict.foundBy?.stage ?? stage, outcome }
}
