/** The order of a decision by k: steps are taken one after the other, until few enough persons can be told apart. Pure. */

export interface StepTaken<Step> {
  readonly step: Step
  /** `earlier-run`: what was published before already had to take it. */
  readonly because: 'small-cells' | 'earlier-run'
  /** Persons in small cells after it. */
  readonly persons: number
}

/**
 * Takes no more steps than are needed.
 *
 * @param earlier how many steps are taken whatever they leave
 * @param atMost persons in small cells that may be left
 * @param count persons in small cells after these steps
 */
export async function takeSteps<Step>(
  steps: readonly Step[],
  earlier: number,
  atMost: number,
  count: (taken: readonly Step[]) => Promise<number>,
): Promise<{ readonly before: number; readonly taken: readonly StepTaken<Step>[]; readonly left: number }> {
  const before = await count([])
  const taken: StepTaken<Step>[] = []
  let left = before
  for (const [index, step] of steps.entries()) {
    if (index >= earlier && left <= atMost) break
    left = await count(steps.slice(0, index + 1))
    taken.push({ step, because: index < earlier ? 'earlier-run' : 'small-cells', persons: left })
  }
  return { before, taken, left }
}
