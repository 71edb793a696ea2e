/** What the user sees while a file is sent: a bar on a terminal, lines elsewhere, and the rejected records by file, line and rule. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { SingleBar } from 'cli-progress'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { RecordError } from '#core/gateway-api/record-counts.ts'

export interface Report {
  /** @param share read so far, from 0 to 1; undefined when the size is not known */
  progress(file: string, share: number | undefined, accepted: number, rejected: number): void
  rejected(file: string, line: number, error: RecordError): void
  /** Says something between the bar's updates. */
  say(text: string): void
  end(): void
}

const EVERY_MS = 2000

/**
 * @param shown rejected records that are shown; the rest is only counted
 * @param errorsFile gets each rejected record as a line of JSON, when given
 */
export function createReport(shown: number, errorsFile: string | undefined): Report {
  const terminal = process.stderr.isTTY
  const bar = terminal
    ? new SingleBar({
        format: '{file} [{bar}] {percentage}%  {accepted} accepted, {rejected} rejected',
        hideCursor: true,
        stream: process.stderr,
      })
    : undefined
  let current = ''
  let spokeAt = performance.now()
  let left = shown
  let hidden = 0
  if (errorsFile) guarded(errorsFile, () => writeFileSync(errorsFile, '', { mode: 0o600 }))
  const say = (text: string) => {
    if (bar && current) process.stderr.write('\r\u001b[K')
    process.stderr.write(`${text}\n`)
  }
  return {
    progress(file, share, accepted, rejected) {
      const payload = { file, accepted, rejected }
      if (bar && share !== undefined) {
        if (current !== file) {
          bar.stop()
          bar.start(100, 0, payload)
          current = file
        }
        bar.update(Math.min(100, Math.floor(share * 100)), payload)
      } else if (performance.now() - spokeAt > EVERY_MS) {
        spokeAt = performance.now()
        say(
          `${file}: ${share === undefined ? '' : `${Math.floor(share * 100)} %, `}${accepted} accepted, ${rejected} rejected`,
        )
      }
    },
    rejected(file, line, error) {
      if (errorsFile) {
        const { index: _place, ...named } = error
        guarded(errorsFile, () => appendFileSync(errorsFile, `${JSON.stringify({ file, line, ...named })}\n`))
      }
      if (left-- > 0)
        say(
          `${file}:${line}  ${error.feed ? `${error.feed} ` : ''}${error.pointer || '(record)'}  ${error.rule}: ${error.detail}`,
        )
      else hidden++
    },
    say,
    end() {
      bar?.stop()
      if (hidden > 0)
        process.stderr.write(
          `... and ${hidden} more${errorsFile ? `, in ${errorsFile}` : '; --errors FILE keeps them all'}\n`,
        )
    },
  }
}

function guarded(path: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    throw new ConfigurationError('The errors cannot be kept', [
      `${path}: ${(error as NodeJS.ErrnoException).code ?? 'error'}`,
    ])
  }
}
