/** Of a record's identity: by its status, whether it may be linked, and by which number. */
import type { FeedContract, LinkageRole } from '#core/contract/types.ts'
import { normaliseNir } from '#core/linkage/normalise.ts'
import { isValidNir } from '#core/rules/check-digits.ts'

type Values = Readonly<Record<string, unknown>>

/** HL7 0445 statuses of an identity that may be fictitious or of another person: it is not linked. */
const DOUBTFUL = new Set([
  'DOUB',
  'DESA',
  'DPOT',
  'DOUA',
  'COLP',
  'COLV',
  'FILI',
  'CACH',
  'ANOM',
  'USUR',
  'HOMD',
  'HOMA',
  'INVA',
  'FICT',
  'DOUT',
])
const QUALIFIED = 'VALI'

export interface Identity {
  readonly doubtful: boolean
  /** The INS, where the status says that it is qualified; else empty. */
  readonly ins: string
  /** INS or NIR, also an INS without a status; empty without a valid one. */
  readonly number: string
}

/** @returns a function from a record and a role to the value as text; empty when the record has none */
export function textOfRole(contract: FeedContract): (record: Values, role: LinkageRole) => string {
  const fieldOf = new Map(
    contract.fields.flatMap((field) => (field.linkage ? [[field.linkage, field.name] as const] : [])),
  )
  return (record, role) => {
    const name = fieldOf.get(role)
    const value = name === undefined ? undefined : record[name]
    return value === undefined || value === null ? '' : String(value)
  }
}

/** @param text the record's value of a role */
export function identityOf(text: (role: LinkageRole) => string): Identity {
  const status = text('identity_status').toUpperCase()
  const ins = normaliseNir(text('ins'))
  const nir = normaliseNir(text('nir'))
  const insHolds = isValidNir(ins) && (status === QUALIFIED || status === '')
  return {
    doubtful: DOUBTFUL.has(status),
    ins: insHolds && status === QUALIFIED ? ins : '',
    number: insHolds ? ins : isValidNir(nir) ? nir : '',
  }
}
