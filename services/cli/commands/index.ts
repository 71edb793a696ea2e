/** Every command, in the order of `chainon --help`. A new one is a file here and a line in each list. */
import type { Command } from 'commander'
import { register as audit } from './audit.ts'
import { register as bulk } from './bulk.ts'
import { register as canary } from './canary.ts'
import { register as completion } from './completion.ts'
import { register as config } from './config.ts'
import { register as deid } from './deid.ts'
import { register as down } from './down.ts'
import { register as events } from './events.ts'
import { register as feeds } from './feeds.ts'
import { register as finding } from './finding.ts'
import { register as gap } from './gap.ts'
import { register as keys } from './keys.ts'
import { register as ledger } from './ledger.ts'
import { register as link } from './link.ts'
import { register as map } from './map.ts'
import { register as project } from './project.ts'
import { register as provision } from './provision.ts'
import { register as pull } from './pull.ts'
import { register as push } from './push.ts'
import { register as quarantine } from './quarantine.ts'
import { register as receipt } from './receipt.ts'
import { register as sample } from './sample.ts'
import { register as simulate } from './simulate.ts'
import { register as status } from './status.ts'
import { register as up } from './up.ts'

export const commands: ReadonlyArray<(program: Command, env: NodeJS.ProcessEnv) => void> = [
  up,
  status,
  down,
  push,
  pull,
  bulk,
  map,
  receipt,
  events,
  sample,
  simulate,
  deid,
  keys,
  ledger,
  quarantine,
  provision,
  finding,
  gap,
  audit,
  canary,
  link,
  project,
  feeds,
  config,
  completion,
]
