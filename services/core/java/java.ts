/** Finds Java, and checks that it is new enough for Kafka 4, Apicurio Registry 3 and Synthea 3. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ConfigurationError } from '../faults/errors.ts'

const JAVA_MIN = 17

export interface Java {
  readonly command: string
  /** Names this build of Java; a class archive of one build does not work with another. */
  readonly build: string
}

export interface JavaNeed {
  /** What needs Java, for messages: `Synthea`. */
  readonly program: string
  /** Another remedy, for messages; begins with `or`. */
  readonly otherwise?: string
  /** JAVA_HOME, empty when it is not set. */
  readonly home: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * @returns a Java that is at least 17: `JAVA_HOME`'s when set, else the one on the PATH
 * @throws ConfigurationError that names the package to install
 */
export function findJava(need: JavaNeed): Java {
  const { program, home, env } = need
  const command = home ? join(home, 'bin', 'java') : 'java'
  const run = spawnSync(command, ['-version'], { encoding: 'utf8', env, timeout: 20_000 })
  if (run.error || run.status !== 0) {
    const what = home ? `JAVA_HOME=${home} has no bin/java that works` : 'there is no `java` on the PATH'
    throw new ConfigurationError('Java is missing', [`${what}, and ${program} cannot run without it`, remedy(need)])
  }
  const text = `${run.stderr}\n${run.stdout}`
  const version = javaVersion(text)
  if (version === null || version < JAVA_MIN) {
    throw new ConfigurationError('Java is too old', [
      `\`${command}\` is Java ${version ?? 'of an unknown version'}, and Java ${JAVA_MIN} or newer is needed for ${program}`,
      remedy(need),
    ])
  }
  return { command, build: createHash('sha256').update(text).digest('hex').slice(0, 8) }
}

/** @returns the major version in the output of `java -version`: 8 for "1.8.0_292", 17 for "17.0.15" */
export function javaVersion(text: string): number | null {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(text)
  if (!match) return null
  const [major, minor] = [Number(match[1]), Number(match[2] ?? 0)]
  return major === 1 ? minor : major
}

function remedy({ otherwise }: JavaNeed): string {
  const install: Partial<Record<NodeJS.Platform, string>> = {
    linux:
      '`sudo apt install openjdk-17-jre-headless` (Debian, Ubuntu) or `sudo dnf install java-17-openjdk-headless` (Fedora, RHEL)',
    darwin: '`brew install openjdk@17`',
    win32: '`winget install EclipseAdoptium.Temurin.17.JRE`',
  }
  const choices = `install Java 17 or newer: ${install[process.platform] ?? 'any OpenJDK 17'}, or set JAVA_HOME to an installed one`
  return otherwise ? `${choices}; ${otherwise}` : choices
}
