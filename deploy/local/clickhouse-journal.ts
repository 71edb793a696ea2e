/**
 * Notes in the access journal what the local ClickHouse tells of logins and statements. The supervisor signs it: the process of ClickHouse runs
 * statements of others, and may be another user, so that it reads neither the key nor the journal, and cannot change what it has told.
 */
import { join } from 'node:path'
import { JournalEvent } from '#core/journal/actions.ts'
import { type Journal, openJournal } from '#core/journal/journal.ts'
import { complete } from '#core/schema/complete.ts'

/** More than a working front tells: one that was taken over must not fill the journal of the others. */
const MAX_AN_HOUR = 5_000
const HOUR_MS = 3_600_000

/**
 * @param data folder of the stack
 * @param say receives a line when entries are lost
 * @returns takes a line of the front
 */
export function clickhouseJournal(data: string, say: (line: string) => void): (line: string) => void {
  let losing = false
  const lost = () => {
    if (!losing) say('Warning: entries of the access journal about ClickHouse could not be kept')
    losing = true
  }
  const secretsDir = join(data, 'secrets', 'supervisor')
  const onKept = () => (losing = false)
  return relay(openJournal({ program: 'supervisor', dataDir: data, secretsDir, onLost: lost, onKept }), lost)
}

/** @param lost is called for a line that is not noted: no event of ClickHouse's, or one too many */
export function relay(
  { note }: Pick<Journal, 'note'>,
  lost: () => void,
  now: () => number = Date.now,
  maxAnHour = MAX_AN_HOUR,
) {
  let hour = 0
  let lines = 0
  return (line: string): void => {
    const current = Math.floor(now() / HOUR_MS)
    if (current !== hour) lines = 0
    hour = current
    const event = eventOf(line)
    if (event && ++lines <= maxAnHour) note(event)
    else lost()
  }
}

/** Of what the journal has forms for, the front tells its own logins and statements. */
function eventOf(line: string): JournalEvent | undefined {
  const event = complete(JournalEvent, parsed(line))
  if (!event) return undefined
  const { action, actor, object } = event
  const isOwn = /^clickhouse(?::|$)/.test(object)
  if (action === 'login-failed') return isOwn && actor === 'unknown' ? event : undefined
  return action === 'query' && isOwn && actor.startsWith('clickhouse:') ? event : undefined
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
