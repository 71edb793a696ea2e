/** What the help texts of all commands share. */

/** Headings of `chainon --help`; each command is in one. */
export const GROUPS = {
  stack: 'Local stack:',
  data: 'Sending data:',
  operate: 'Operating:',
  projects: 'Projects:',
  develop: 'Contracts and development:',
} as const

/** @param lines pairs of a command line and what it does */
export function examples(lines: ReadonlyArray<readonly [string, string]>): string {
  const width = Math.max(...lines.map(([command]) => command.length))
  return `\nExamples:\n${lines.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`).join('\n')}\n`
}
