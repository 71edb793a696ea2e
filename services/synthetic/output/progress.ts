/** The progress line on stderr: rewritten on a terminal, a line every five seconds elsewhere. */

export interface ProgressLine {
  /** Writes the last line; a second time does nothing. */
  stop(): void
}

/** @param line asked for the text each time */
export function progressLine(line: () => string, out: NodeJS.WriteStream): ProgressLine {
  const terminal = out.isTTY
  const draw = () => out.write(terminal ? `\r\x1b[2K${line().slice(0, (out.columns || 80) - 1)}` : `${line()}\n`)
  const timer = setInterval(draw, terminal ? 250 : 5_000)
  timer.unref()
  let stopped = false
  return {
    stop() {
      if (stopped) return
      stopped = true
      clearInterval(timer)
      out.write(`${terminal ? '\r\x1b[2K' : ''}${line()}\n`)
    },
  }
}
