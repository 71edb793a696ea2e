import Type, { type TSchema } from 'typebox'
import { describe, expect, it } from 'vitest'
import { Contract } from '#core/contract/schema.ts'
import { isClosed } from '#core/schema/closed.ts'
import * as project from '../../../../services/extract/project-schema.ts'

/** @returns every object of a schema, however deep */
function objectsOf(schema: TSchema): readonly TSchema[] {
  if (Type.IsObject(schema)) return [schema, ...Object.values(schema.properties).flatMap(objectsOf)]
  if (Type.IsArray(schema)) return objectsOf(schema.items)
  if (Type.IsTuple(schema)) return schema.items.flatMap(objectsOf)
  return Type.IsUnion(schema) ? schema.anyOf.flatMap(objectsOf) : []
}

describe('what people write', () => {
  const schemas: readonly [string, TSchema][] = [
    ['contract', Contract],
    ...Object.entries(project).filter(
      (entry): entry is [string, typeof project.Project] => typeof entry[1] === 'object',
    ),
  ]
  it.each(schemas)(
    '%s: every object is closed, so that a misspelt key never counts as a missing key',
    (_name, schema) => {
      for (const object of objectsOf(schema)) expect(Type.IsObject(object) && isClosed(object)).toBe(true)
    },
  )
  it('are these', () => {
    expect(objectsOf(Contract).length).toBeGreaterThan(15)
    expect(schemas.map(([name]) => name)).toContain('CriterionOnFeed')
  })
})
