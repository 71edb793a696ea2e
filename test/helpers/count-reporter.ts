/** Ends the run with one line that scripts can read: `N passed, N failed`. Before it, skipped tests with their reasons. */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0
    // An error outside any test counts as a failure, like a file that cannot be loaded.
    let failed = unhandledErrors.length
    const skipped: TestCase[] = []
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      const failures = tests.filter((test) => test.result().state === 'failed').length
      failed += failures
      if (failures === 0 && module.state() === 'failed') failed++
      for (const test of tests) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'skipped') skipped.push(test)
        // A test that did not end (its process was killed) counts as failed.
        else if (state === 'pending') failed++
      }
    }
    const lines = skipped.map((test) => `skipped: ${test.module.relativeModuleId} > ${test.fullName}: ${reason(test)}`)
    const count = `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`
    process.stdout.write(`${[...lines, count].join('\n')}\n`)
  }
}

function reason(test: TestCase): string {
  const result = test.result()
  if (result.state === 'skipped' && result.note) return result.note
  return test.options.mode === 'todo' ? 'not written yet' : 'no reason given'
}
