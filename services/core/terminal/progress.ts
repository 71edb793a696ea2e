/**
 * Shows the progress of long work on stderr: on a terminal one line that is redrawn, with a bar where the share is known;
 * elsewhere a plain line every few seconds.
 */
import cliProgress from 'cli-progress'

const DRAWINGS_PER_SECOND = 5
const PLAIN_EVERY_MS = 5_000

export interface ProgressView {
  readonly text: string
  /** Done so far, from 0 to 1; undefined when the total is not known. */
  readonly share?: number | undefined
}

export interface Progress {
  /** Writes a line of its own above the progress. */
  say(line: string): void
  /**
   * Ends the progress; a second call does nothing.
   * @param last the line that stays; by default the last text. Empty: none stays
   */
  stop(last?: string): void
}

/**
 * @param view called each time, returns what to show; an empty text shows nothing
 * @param out a terminal, or a stream for plain lines
 */
export function startProgress(view: () => ProgressView, out: NodeJS.WriteStream = process.stderr): Progress {
  const shown = out.isTTY ? onTerminal(view, out) : inLines(view, out)
  let stopped = false
  return {
    say: (text) => shown.say(text),
    stop(last = view().text) {
      if (stopped) return
      stopped = true
      shown.end()
      if (last) out.write(`${last}\n`)
    },
  }
}

interface Shown {
  say(line: string): void
  end(): void
}

function onTerminal(view: () => ProgressView, out: NodeJS.WriteStream): Shown {
  const bar = new cliProgress.SingleBar({
    format: (options) => line(view(), (share) => `[${cliProgress.Format.BarFormat(share, options)}] `),
    stream: out,
    fps: DRAWINGS_PER_SECOND,
    // The line is cut to the terminal's width instead of changing the terminal's settings, which would stay changed after a kill.
    linewrap: true,
    clearOnComplete: true,
  })
  bar.start(1, 0)
  return {
    say(text) {
      bar.stop()
      out.write(`${text}\n`)
      bar.start(1, 0)
    },
    end: () => bar.stop(),
  }
}

function inLines(view: () => ProgressView, out: NodeJS.WriteStream): Shown {
  let last = ''
  const write = () => {
    const text = line(view(), () => '')
    if (text && text !== last) out.write(`${text}\n`)
    last = text
  }
  write()
  const timer = setInterval(write, PLAIN_EVERY_MS)
  timer.unref()
  return { say: (text) => void out.write(`${text}\n`), end: () => clearInterval(timer) }
}

function line({ text, share }: ProgressView, bar: (share: number) => string): string {
  if (!text || share === undefined) return text
  const bounded = Math.min(1, Math.max(0, share))
  return `${bar(bounded)}${Math.floor(bounded * 100)} %  ${text}`
}

/** A progress that counts the seconds: `<title>: 12 s, <what is being done now>`. */
export interface TimedProgress {
  /** Shows what is being done now. */
  show(what: string): void
  /** Ends the line, with how long it took. */
  done(): void
}

/** @param title what goes on, for instance `Fetching the local components` */
export function startTimedProgress(title: string, out: NodeJS.WriteStream = process.stderr): TimedProgress {
  const started = Date.now()
  const soFar = () => `${title}: ${Math.round((Date.now() - started) / 1000)} s`
  let current = ''
  const progress = startProgress(() => ({ text: current ? `${soFar()}, ${current}` : soFar() }), out)
  return {
    show: (what) => {
      current = what
    },
    done: () => progress.stop(`${soFar()}, done`),
  }
}
