import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { endOf } from '#core/process/child.ts'

const script = (text: string) => spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'pipe'] })

describe('endOf', () => {
  it('passes each line with its stream, and returns the status', async () => {
    const lines: string[] = []
    const child = script("console.log('a'); console.error('b'); process.exitCode = 3")
    expect(await endOf(child, (line, stream) => lines.push(`${stream} ${line}`))).toBe(3)
    expect(lines.toSorted()).toEqual(['stderr b', 'stdout a'])
  })

  it('returns the signal, or why there is no process', async () => {
    expect(await endOf(script('process.kill(process.pid, "SIGTERM")'), () => undefined)).toBe('SIGTERM')
    expect(await endOf(spawn('/no/such/program'), () => undefined)).toMatch(/ENOENT/)
  })
})
