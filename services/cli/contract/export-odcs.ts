/**
 * A contract as an Open Data Contract Standard v3.1.0 document (Bitol): what producers send, and the view that readers query. What the standard has no key
 * for (de-identification, roles, facts) is in custom properties.
 */
import { hash } from 'node:crypto'
import { storedForm } from '#core/contract/actions.ts'
import { topicOf } from '#core/contract/names.ts'
import { columnsOf, isForReaders } from '#core/contract/table.ts'
import type { FeedContract, FieldContract, FieldRule, RecordRule, ValueKind } from '#core/contract/types.ts'
import { describeRule } from '#core/rules/explain.ts'

const LOGICAL: Readonly<Record<ValueKind, string>> = {
  string: 'string',
  enum: 'string',
  boolean: 'boolean',
  double: 'number',
  integer: 'integer',
  long: 'integer',
  date: 'date',
  timestamp: 'timestamp',
}

/** @param namespace of the topics: CHAINON_NAMESPACE */
export function odcsDocument(contract: FeedContract, namespace: string): object {
  const { acceptedLeaks, doc, eventTime, facts, feed, fields, linked, name, recordRules, shift, subject, version } =
    contract
  return {
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: `${contract.namespace}.${name}`,
    name: feed,
    version: contractVersion(contract),
    status: 'active',
    description: { purpose: doc },
    schema: [
      {
        ...{ name: 'sent', physicalName: topicOf(namespace, 'identified', feed), physicalType: 'topic' },
        ...{ logicalType: 'object', description: 'What producers send' },
        properties: fields.map(sentProperty),
        ...quality(recordRules),
      },
      {
        ...{ name: 'view', physicalName: feed, physicalType: 'view' },
        ...{ logicalType: 'object', description: 'What readers query, after de-identification' },
        properties: viewProperties(contract),
      },
    ],
    customProperties: properties({
      eventTimeField: eventTime,
      subjectField: subject,
      versionField: version,
      linked,
      facts: facts.length > 0 ? facts : undefined,
      dateShift: shift,
      acceptedLeaks: acceptedLeaks.length > 0 ? acceptedLeaks : undefined,
    }),
  }
}

/** @returns a version that is another one whenever the contract is: a contract has none of its own */
export function contractVersion(contract: FeedContract): string {
  return hash('sha256', JSON.stringify(contract), 'hex').slice(0, 12)
}

function sentProperty(field: FieldContract): object {
  const { avroType, doc, kind, linkage, maxLength, name, nullable, privacy, rules, symbols } = field
  return {
    name,
    ...{
      logicalType: LOGICAL[kind],
      physicalType: typeof avroType === 'string' ? avroType : JSON.stringify(avroType),
      description: doc,
    },
    ...{ required: !nullable && field.default === undefined, classification: privacy.class },
    ...(name === 'record_id' ? { primaryKey: true, primaryKeyPosition: 1 } : {}),
    ...(kind === 'string' ? { logicalTypeOptions: { maxLength } } : {}),
    ...quality(rules),
    customProperties: properties({
      privacy,
      linkage,
      symbols: kind === 'enum' ? symbols : undefined,
      storedAs: storedForm(field) ? field.as : undefined,
    }),
  }
}

function viewProperties(contract: FeedContract): readonly object[] {
  const stored = new Map(contract.fields.map((field) => [field.as, field]))
  return columnsOf(contract)
    .filter(isForReaders)
    .map(({ comment, name, type }) => {
      const field = stored.get(name)
      const form = field && storedForm(field)
      const logical = form
        ? LOGICAL[form.kind]
        : name === '_received_at'
          ? 'timestamp'
          : name === '_flags'
            ? 'array'
            : 'string'
      return {
        ...{ name, logicalType: logical, physicalType: type, description: comment },
        required: !type.includes('Nullable('),
        ...(name === 'record_id' ? { primaryKey: true, primaryKeyPosition: 1 } : {}),
        ...(field ? { transformDescription: `${field.privacy.action} of ${field.name}` } : {}),
        ...(logical === 'array' ? { items: { logicalType: 'string' } } : {}),
      }
    })
}

/** Rules as checks of Chainon's own: the standard's library has none of them. */
function quality(rules: readonly (FieldRule | RecordRule)[]): object {
  if (rules.length === 0) return {}
  return {
    quality: rules.map((rule) => ({
      ...{ type: 'custom', engine: 'chainon', name: rule.id, description: describeRule(rule) },
      ...{ severity: rule.severity === 'reject' ? 'error' : 'warning', dimension: 'conformity', implementation: rule },
    })),
  }
}

function properties(values: Readonly<Record<string, unknown>>): readonly object[] {
  return Object.entries(values).flatMap(([property, value]) => (value === undefined ? [] : [{ property, value }]))
}
