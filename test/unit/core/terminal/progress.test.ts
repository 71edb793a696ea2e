import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ProgressView, startProgress, startTimedProgress } from '#core/terminal/progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A stream that says whether it is a terminal, and what was written to it. */
function output(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120 }) as unknown as NodeJS.WriteStream
  return { stream, written: () => String((stream as unknown as PassThrough).read() ?? '') }
}

describe('startProgress', () => {
  it('writes a plain line at the start, and every five seconds when there is something new', () => {
    const { stream, written } = output(false)
    let view: ProgressView = { text: 'a', share: 0.416 }
    const progress = startProgress(() => view, stream)
    vi.advanceTimersByTime(6_000)
    view = { text: 'b' }
    vi.advanceTimersByTime(5_000)
    progress.say('between')
    progress.stop()
    progress.stop()
    vi.advanceTimersByTime(20_000)
    expect(written()).toBe('41 %  a\nb\nbetween\nb\n')
  })

  it('draws one line on a terminal, with a bar where the share is known, and lines above it', () => {
    const { stream, written } = output(true)
    let view: ProgressView = { text: 'a', share: 0 }
    const progress = startProgress(() => view, stream)
    view = { text: 'b', share: 0.5 }
    vi.advanceTimersByTime(500)
    expect(written()).toMatch(/\[-{40}\] 0 % {2}a.*\[={20}-{20}\] 50 % {2}b/s)
    progress.say('between')
    expect(written()).toMatch(/between\n.*50 % {2}b/s)
    progress.stop('over')
    expect(written()).toMatch(/over\n$/)
    vi.advanceTimersByTime(20_000)
    expect(written()).toBe('')
  })

  it('shows nothing for an empty text, and leaves no line when the last text is empty', () => {
    const { stream, written } = output(false)
    startProgress(() => ({ text: '', share: 0.5 }), stream).stop('')
    expect(written()).toBe('')
  })
})

describe('startTimedProgress', () => {
  it('counts the seconds', () => {
    const { stream, written } = output(false)
    const progress = startTimedProgress('Fetching', stream)
    progress.show('kafka.jar')
    vi.advanceTimersByTime(5_000)
    progress.done()
    expect(written()).toBe('Fetching: 0 s\nFetching: 5 s, kafka.jar\nFetching: 5 s, done\n')
  })
})
