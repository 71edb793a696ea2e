/** English eponyms by the word after them: Brenner tumor, Salter-Harris fracture, Ashworth scale. */
import { EPONYM } from './lexicon/lexicon.ts'
import { GLUED, MARK, SPACED, type Tokens, WORD } from './tokens.ts'
import { setOf } from './word-set.ts'

/** After a name they make an eponym of it, whichever it is. */
const HEADS = setOf(
  'disease syndrome sign signs fracture fractures tumor tumors tumour tumours diverticulum classification criteria palsy contracture lymphoma sarcoma esophagus oesophagus phenomenon thyroiditis reflex ligament forceps retractor clamp catheter maneuver manoeuvre fundoplication shunt pouch hernia scale scores coma ataxia chorea dystrophy neuropathy encephalopathy bodies corpuscle deformity dislocation lesion angina thyroid stain agar pattern tetralogy anomaly malformation sinus foramen aneurysm ulcer granulomatosis purpura arteritis cardiomyopathy drain splint bandage cast collar',
)
/** After a name that is an eponym elsewhere. */
const LIKELY_HEADS = setOf(
  'test tests score stage grade type index repair procedure technique operation incision method tube line lines ring node nodes duct gland cyst view exam maneuvers tear position angle space triangle needle wire pin pins screw',
)
/** Marks, a genitive and numerals between: Colles' fracture, Salter-Harris II fracture. */
const LONGEST_BETWEEN = 3

/** @param first and last tokens of a name @returns whether the word after makes it the name of a disease, sign, score or operation */
export function isBeforeEponymHead(tokens: Tokens, flags: Uint16Array, first: number, last: number): boolean {
  const { type, hash, gap, text, start, end } = tokens
  if (last - first > 2) return false
  let isEponym = false
  for (let t = first; t <= last; t++) {
    if (type[t] === MARK && text[start[t] as number] !== '-') return false
    if (t > first && gap[t] !== GLUED) return false
    if ((flags[t] as number) & EPONYM) isEponym = true
  }
  for (let t = last + 1; t <= last + LONGEST_BETWEEN && t < tokens.count; t++) {
    if (type[t] === MARK && /['’]/.test(text[start[t] as number] as string) && gap[t] === GLUED) continue
    if (type[t] !== WORD || (gap[t] as number) > SPACED) return false
    const word = text.slice(start[t], end[t])
    if (HEADS.has(hash[t] as number)) return true
    if (LIKELY_HEADS.has(hash[t] as number)) return isEponym
    if (!/^(?:s|[IV]{1,3}|[A-D])$/.test(word)) return false
  }
  return false
}
