import { describe, expect, it } from 'vitest'
import {
  continueAt,
  firstStepOf,
  formatPosition,
  type Position,
  parsePosition,
  stepOf,
  writtenPosition,
} from '../../../services/deidentify/position.ts'

const TOPIC = 'A'.repeat(22)
const OTHER = 'B'.repeat(22)
const at = (next: bigint, leaderEpoch: number, incarnation = TOPIC): Position => ({ incarnation, next, leaderEpoch })
const fetched = (offset: bigint, leaderEpoch: number, topicId = TOPIC) => ({ topicId, offset, leaderEpoch })
const beginning = (topicId: string) => ({ incarnation: topicId, next: 0n, leaderEpoch: -1 })

describe('stepOf', () => {
  it('uses what follows the position, in the same topic and leader epoch', () => {
    expect(stepOf(at(100n, 3), fetched(100n, 3))).toEqual({ kind: 'use', position: at(100n, 3) })
    expect(stepOf(beginning(TOPIC), fetched(0n, 3)).kind).toBe('use')
    expect(stepOf(beginning(TOPIC), fetched(40n, 3)).kind, 'the first records have expired').toBe('use')
  })

  it('fetches again when nothing proves in which topic the fetch was', () => {
    expect(stepOf(undefined, fetched(0n, 0))).toEqual({
      kind: 'restart',
      because: 'unproven',
      position: beginning(TOPIC),
    })
  })

  it('begins a topic that was created again at its start, also when it is longer than the position', () => {
    const step = { kind: 'restart', because: 'topic-recreated', position: beginning(OTHER) }
    expect(stepOf(at(100n, 3), fetched(0n, 0, OTHER))).toEqual(step)
    expect(stepOf(at(100n, 3), fetched(100n, 3, OTHER))).toEqual(step)
    expect(stepOf(at(600n, 7, `${TOPIC}/7@500`), fetched(600n, 7, OTHER))).toEqual(step)
  })

  it('asks where the last epoch ends, when another leader appended what follows or the log is shorter', () => {
    expect(stepOf(at(100n, 3), fetched(100n, 4))).toEqual({ kind: 'ask', leaderEpoch: 3 })
    expect(stepOf(at(100n, 3), fetched(0n, 3))).toEqual({ kind: 'ask', leaderEpoch: 3 })
  })

  it('continues after an election that cut nothing', () => {
    expect(stepOf(at(100n, 3), fetched(100n, 4), 100n)).toEqual({ kind: 'use', position: at(100n, 3) })
  })

  it('reads a truncated log from the cut, under an incarnation of its own', () => {
    const position = at(80n, 3, `${TOPIC}/4@80`)
    expect(stepOf(at(100n, 3), fetched(100n, 4), 80n), 'already longer again').toEqual({
      kind: 'restart',
      because: 'topic-truncated',
      position,
    })
    expect(stepOf(at(100n, 3), fetched(0n, 3), 80n), 'shorter').toMatchObject({ because: 'topic-truncated', position })
    expect(stepOf(position, fetched(80n, 4), 80n), 'and goes on there').toEqual({ kind: 'use', position })
    expect(stepOf(at(120n, 4, `${TOPIC}/4@80`), fetched(120n, 6), 90n), 'a second time').toMatchObject({
      position: at(90n, 4, `${TOPIC}/6@90`),
    })
  })

  it('returns to the position after a reset that cut nothing', () => {
    const step = { kind: 'restart', because: 'unproven', position: at(100n, 3) }
    expect(stepOf(at(100n, 3), fetched(0n, 3), 100n)).toEqual(step)
  })
})

it('the metadata of the group is read as it was written, and nothing else is', () => {
  const position = at(80n, 3, `${TOPIC}/4@80`)
  expect(parsePosition(80n, formatPosition(position))).toEqual(position)
  for (const text of ['', 'null', '{}', '{"incarnation":"x","leaderEpoch":1}', `{"incarnation":"${TOPIC}"}`])
    expect(parsePosition(1n, text)).toBeUndefined()
})

describe('continueAt', () => {
  it('continues after what was written, however much of it was committed', () => {
    expect(continueAt(at(100n, 3), at(110n, 4), TOPIC), 'ended between writing and committing').toEqual(at(110n, 4))
    expect(continueAt(at(100n, 3), at(90n, 3), TOPIC), 'the pseudonymised log lost its end').toEqual(at(90n, 3))
    expect(continueAt(undefined, at(90n, 3), TOPIC), 'the offsets of the group are lost').toEqual(at(90n, 3))
    expect(continueAt(at(90n, 3), undefined, TOPIC), 'nothing was written').toEqual(at(90n, 3))
    expect(continueAt(undefined, undefined, TOPIC)).toBeUndefined()
  })

  it('continues in the later incarnation', () => {
    const cut = at(80n, 3, `${TOPIC}/5@80`)
    expect(continueAt(cut, at(100n, 3), TOPIC), 'committed before anything was written under it').toEqual(cut)
    expect(continueAt(at(100n, 3), cut, TOPIC)).toEqual(cut)
    expect(continueAt(beginning(OTHER), at(100n, 3), OTHER)).toEqual(beginning(OTHER))
    expect(continueAt(at(100n, 3), at(7n, 0, OTHER), OTHER)).toEqual(at(7n, 0, OTHER))
  })
})

it('firstStepOf returns to what the pseudonymised log lost, once: it may have expired', () => {
  const back = { kind: 'restart', because: 'unproven', position: at(90n, 3) }
  expect(firstStepOf(at(90n, 3), fetched(100n, 3))).toEqual(back)
  expect(stepOf(at(90n, 3), fetched(100n, 3))).toEqual({ kind: 'use', position: at(90n, 3) })
  expect(firstStepOf(at(90n, 3), fetched(100n, 4), 100n), 'after an election that cut nothing').toEqual(back)
  expect(firstStepOf(at(100n, 3), fetched(100n, 3)).kind).toBe('use')
  expect(firstStepOf(at(90n, 3), fetched(100n, 4)), 'a truncation comes first').toEqual({ kind: 'ask', leaderEpoch: 3 })
})

it('the last message of a send says where its origin was, and a message of another form says nothing', () => {
  const headers = { 'chainon-origin': '99', 'chainon-incarnation': TOPIC, 'chainon-origin-epoch': '4' }
  expect(writtenPosition(headers)).toEqual(at(100n, 4))
  for (const name of Object.keys(headers)) expect(writtenPosition({ ...headers, [name]: 'x' })).toBeUndefined()
  expect(writtenPosition({ 'chainon-origin': '99', 'chainon-incarnation': TOPIC })).toBeUndefined()
  expect(writtenPosition(undefined)).toBeUndefined()
})
