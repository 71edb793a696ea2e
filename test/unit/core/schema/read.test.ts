import fc from 'fast-check'
import Type, { type TSchema } from 'typebox'
import { describe, expect, it } from 'vitest'
import { closed } from '#core/schema/closed.ts'
import { completeKeys, items, readCompleteKeys } from '#core/schema/complete.ts'
import { Place } from '#core/schema/place.ts'
import { read } from '#core/schema/read.ts'

const Even = Type.Refine(
  Type.Integer({ minimum: 0, maximum: 10 }),
  (value) => value % 2 === 0,
  () => 'must be even',
)
const Shape = Type.Union([
  closed({ shape: Type.Literal('circle'), radius: Type.Number(), colour: Type.Optional(Type.String()) }),
  closed({ shape: Type.Literal('square'), side: Type.Number(), colour: Type.Optional(Type.String()) }),
])
const Drawing = closed({
  title: Type.String(),
  size: Type.Optional(Even),
  paper: Type.Optional(Type.Union([Type.Enum(['a4', 'a3']), Type.Tuple([Type.Number(), Type.Number()])])),
  shapes: Type.Array(Shape, { minItems: 1, maxItems: 3 }),
  notes: Type.Optional(
    Type.Array(closed({ id: Type.String(), by: Type.String() }), { named: { noun: 'note', by: 'id' } }),
  ),
})
const circle = { shape: 'circle', radius: 1 }
const good = { title: 'a', shapes: [circle] }

function problemsOf(value: unknown, schema: TSchema = Drawing): readonly string[] {
  const place = new Place([])
  read(schema, value, place)
  return place.problems
}

describe('the strict reader', () => {
  it('returns the complete value when nothing is wrong', () => {
    const place = new Place([])
    expect(read(Drawing, good, place).complete).toBe(good)
    expect(place.problems).toEqual([])
  })

  it.each<[string, unknown, readonly string[]]>([
    ['an unknown key', { ...good, tilte: 'b' }, ["unknown key 'tilte'; did you mean 'title'?"]],
    [
      'a key that is like no other',
      { ...good, weight: 1 },
      ["unknown key 'weight'; known keys: title, size, paper, shapes, notes"],
    ],
    [
      'a misspelt key that is needed, once',
      { titel: 'a', shapes: [circle] },
      ["unknown key 'titel'; did you mean 'title'?"],
    ],
    ['a missing key', { shapes: [circle] }, ["lacks 'title': text"]],
    ['a wrong type', { ...good, title: 7 }, ['title: must be text']],
    ['a number out of its range', { ...good, size: 12 }, ['size: must be a whole number from 0 to 10']],
    ['a check of its own', { ...good, size: 3 }, ['size: must be even']],
    ['too few items', { ...good, shapes: [] }, ['shapes: must have 1 to 3 items']],
    ['no object', [good], ['must be an object with title, size, paper, shapes, notes']],
    ['null', null, ['must be an object with title, size, paper, shapes, notes']],
    [
      'a key of another variant',
      { ...good, shapes: [{ ...circle, side: 1 }] },
      ["shapes[0]: 'side' is a key of square, not of circle"],
    ],
    [
      'a key that the variant needs',
      { ...good, shapes: [circle, { shape: 'square' }] },
      ["shapes[1]: square needs 'side': a number"],
    ],
    [
      'a variant that does not exist',
      { ...good, shapes: [{ shape: 'sqare', side: 1 }] },
      ["shapes[0].shape: must be circle or square; did you mean 'square'?"],
    ],
    ['no variant', { ...good, shapes: [{ radius: 1 }] }, ["shapes[0]: lacks 'shape': circle or square"]],
    [
      'a misspelt variant key',
      { ...good, shapes: [{ shpae: 'circle', radius: 1 }] },
      ["shapes[0]: unknown key 'shpae'; did you mean 'shape'?"],
    ],
    ['one of several scalars', { ...good, paper: 'a44' }, ["paper: must be a4 or a3; did you mean 'a4'?"]],
    ['a list of another length', { ...good, paper: [1] }, ['paper: must be a list']],
    ['an item of a tuple', { ...good, paper: [1, 'x'] }, ['paper[1]: must be a number']],
    ['an item that has a name', { ...good, notes: [{ id: 'n-1', by: 1 }] }, ["note 'n-1': by: must be text"]],
    ['an item that lacks its name', { ...good, notes: [{ by: 'x' }] }, ["notes[0]: lacks 'id': text"]],
  ])('reports what is wrong: %s', (_what, value, problems) => {
    expect(problemsOf(value)).toEqual(problems)
  })

  it('reports everything at once', () => {
    expect(problemsOf({ titl: 'a', size: 3, shapes: [{ ...circle, radius: 'x' }, 7] })).toEqual([
      "unknown key 'titl'; did you mean 'title'?",
      'size: must be even',
      'shapes[0].radius: must be a number',
      'shapes[1]: must be an object with shape, radius, colour, or an object with shape, side, colour',
    ])
  })

  it('does not repeat a value, or a key that may be a value', () => {
    const secret = 'Jeanne Secret'
    const text = problemsOf({ ...good, title: [secret], [secret]: secret, 279035121518989: 1, size: secret }).join()
    expect(text).not.toMatch(/Secret|2790/)
  })

  it('returns the valid part for further checks, without what is wrong or unknown', () => {
    const place = new Place([])
    const { partial, complete } = read(Drawing, { ...good, size: 3, more: 1, shapes: [{ ...circle, x: 1 }, 7] }, place)
    expect(complete).toBeUndefined()
    expect(partial).toEqual({ title: 'a', shapes: [circle, undefined] })
    expect(items(partial, 'shapes')).toHaveLength(2)
    expect(completeKeys(Drawing, partial)).toEqual({ title: 'a' })
    expect(readCompleteKeys(Drawing, 7, place)).toEqual({})
  })

  it('writes a place after the name of its owner', () => {
    const place = new Place([])
      .key('fields')
      .item(2)
      .named("field 'a'")
      .key('rules')
      .named("rule 'b'")
      .key('when')
      .key('x')
    place.say('must be text')
    expect(place.problems).toEqual(["field 'a': rule 'b': when.x: must be text"])
  })

  it('does not accept a schema that accepts unknown keys', () => {
    expect(() => problemsOf({ a: 'x' }, Type.Object({ a: Type.Number() }))).toThrow('accepts unknown keys')
  })

  it('reads any value: it is complete, or has problems', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(Drawing.properties)), (value, key) => {
        const place = new Place([])
        const { complete } = read(Drawing, { ...good, [key]: value }, place)
        expect(complete === undefined).toBe(place.problems.length > 0)
      }),
    )
  })
})
