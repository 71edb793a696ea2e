/**
 * Steps, of which pipelines are made. One file has one step; file, factory and step have one name, and that name is the `stage` of
 * its faults. A step is pure: no client, clock, environment or random number. The exception is a batch step that queries a dependency
 * for a whole batch at once.
 */
import type { DropReason, RecordFault } from '../faults/codes.ts'
import type { Verdict } from './verdict.ts'

// `run` and `runBatch` are properties, not methods: parameters of methods are compared in both directions, and a pipeline with a
// step left out would compile.

/** One record at a time. */
export interface Step<In, Out, Fault extends RecordFault = never, Reason extends DropReason = never> {
  readonly name: string
  readonly run: (input: In) => Verdict<Out, Fault, Reason>
}

/**
 * Called while a record is worked on, with the characters that were processed since the last call.
 *
 * @returns a promise when it is time to let other work of the process run: await it before going on
 */
export type GiveWay = (characters: number) => Promise<void> | undefined

/** One record at a time, of which one alone may take long: it gives way to the event loop in between. */
export interface LongStep<In, Out, Fault extends RecordFault = never, Reason extends DropReason = never> {
  readonly name: string
  readonly runLong: (input: In, giveWay: GiveWay) => Verdict<Out, Fault, Reason> | Promise<Verdict<Out, Fault, Reason>>
}

/** All records of a batch at once, for look-ups whose cost is the round trip. One verdict for each input, in order. */
export interface BatchStep<In, Out, Fault extends RecordFault = never, Reason extends DropReason = never> {
  readonly name: string
  readonly runBatch: (inputs: readonly In[]) => Promise<readonly Verdict<Out, Fault, Reason>[]>
}
