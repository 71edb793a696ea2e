/**
 * The versions of the second-level key, and how far the rotation to a new one is. All of it is in the register of fingerprints, of which nothing is ever
 * changed: each step of a rotation adds a name, and the first of a name counts.
 */
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import type { KeyRegister } from './registered-secret.ts'

/** What a rotation registers, in this order; `abandoned` in place of `switching` and what follows. */
export type RotationStep = 'begun' | 'switching' | 'in force' | 'abandoned' | 'retired'

export interface OpenRotation {
  readonly version: number
  /** prepared: its key is made, and nothing waits. begun: nothing is loaded. switching: tables have values of both versions. */
  readonly phase: 'prepared' | 'begun' | 'switching'
}

export interface KeyVersions {
  /** The version with which pseudonyms are made; 1 before the first rotation. */
  readonly inForce: number
  readonly open: OpenRotation | undefined
  /** The version that the next rotation makes; a version is never used twice. */
  readonly next: number
  /** Versions whose key was destroyed here. */
  readonly retired: ReadonlySet<number>
}

/** @returns the name of the secret, and with it of its file in the folder of `curate` */
export function secondLevelKey(version: number): string {
  return version === 1 ? 'curate/pseudonym-level2.key' : `curate/pseudonym-level2-${version}.key`
}

/** @returns the name in the register of a step of the rotation to a version */
export function stepName(version: number, step: RotationStep): string {
  return `rotation/pseudonym-level2-${version} ${step}`
}

const KEY = /^curate\/pseudonym-level2-(\d+)\.key$/
const STEP = /^rotation\/pseudonym-level2-(\d+) (.+)$/

/** Pure. @param names of the register @throws ConfigurationError when several rotations are open, which a lock prevents */
export function keyVersions(names: Iterable<string>): KeyVersions {
  const steps = new Map<number, Set<string>>([[1, new Set(['in force'])]])
  for (const name of names) {
    const [, number, step] = STEP.exec(name) ?? KEY.exec(name) ?? []
    if (number === undefined) continue
    const of = steps.get(Number(number)) ?? new Set()
    steps.set(Number(number), of)
    if (step !== undefined) of.add(step)
  }
  const having = (step: RotationStep) => [...steps].filter(([, of]) => of.has(step)).map(([version]) => version)
  const [open, ...others] = [...steps].filter(([, of]) => !of.has('in force') && !of.has('abandoned'))
  if (others.length > 0)
    throw new ConfigurationError('The versions of the key of pseudonyms cannot be read', [
      `the register has ${others.length + 1} open rotations: nothing is loaded before an administrator has looked at key_fingerprint`,
    ])
  return {
    inForce: Math.max(...having('in force')),
    open: open && { version: open[0], phase: phaseOf(open[1]) },
    next: Math.max(...steps.keys()) + 1,
    retired: new Set(having('retired')),
  }
}

function phaseOf(steps: ReadonlySet<string>): OpenRotation['phase'] {
  if (steps.has('switching')) return 'switching'
  return steps.has('begun') ? 'begun' : 'prepared'
}

/** @returns whether the tables are under one key, and nothing is loaded under another: a rotation that has begun says no */
export function mayLoad({ open }: KeyVersions): boolean {
  return open === undefined || open.phase === 'prepared'
}

/**
 * @param version the caller's
 * @throws ChainonError key-rotation when pseudonyms of this version must not be made now, or not any more
 */
export async function assertVersionInForce(register: Pick<KeyRegister, 'read'>, version: number): Promise<void> {
  const versions = keyVersions((await register.read()).keys())
  if (!mayLoad(versions)) throw rotating(versions)
  if (versions.inForce !== version)
    throw new ChainonError(
      'key-rotation',
      `version ${versions.inForce} of the key of pseudonyms is in force, and this process has version ${version}: it starts again`,
    )
}

/** @returns why a program waits */
export function rotating({ open }: KeyVersions): ChainonError {
  return new ChainonError(
    'key-rotation',
    `the warehouse moves to version ${open?.version} of the key of pseudonyms: what waits goes on when \`chainon keys rotate-pseudonyms\` has ended; if nobody runs it, start it again`,
  )
}
