/** The exit statuses of `chainon` and of every service: those of BSD's sysexits.h from 64 on. */
export const EXIT_CODES = {
  0: 'It did what was asked.',
  1: 'It did what was asked, and found something: a record that was rejected, a check that failed, a difference. Also: the request was refused.',
  2: 'The command line is wrong; nothing was done.',
  70: 'An error of Chainon itself: please report it.',
  75: 'A dependency (the gateway, Kafka, the registry, Redis, ClickHouse) does not answer or refuses; the same command may be run again.',
  78: 'A setting, a contract or a file that a person wrote is wrong; the message lists every problem.',
  130: 'It was interrupted (Ctrl-C), and has said how to go on.',
} as const
export type ExitCode = keyof typeof EXIT_CODES
