/**
 * Units of UCUM (ucum.org/ucum, version 2.1, sections 2 and 4): atoms, prefixes, exponents, products and quotients. A string of atoms cannot hold
 * a name. What UCUM leaves free is closed here: annotations are those of a list, numbers have few digits, terms have few parts.
 */

/** Atoms that take a prefix. */
const METRIC =
  'm s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc gf Ky Gal dyn erg P Bi St Mx G Oe Gb sb Lmb ph Ci R RAD ' +
  "REM cal cal_th m[H2O] m[Hg] eq osm g% kat U [iU] [IU] Np B B[SPL] B[V] st mho bit By Bd tex [wood'U]"
const PLAIN =
  "10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] gon deg ' '' min h d a a_j wk mo mo_j [c] [g] [ly] [in_i] [ft_i] [yd_i] [mi_i] [sin_i] [sft_i] [cin_i] " +
  "[lb_av] [oz_av] [gr] [st_av] [degF] [gal_us] [foz_us] [tsp_us] [tbs_us] [cup_us] [pt_us] [qt_us] [Cal] [Btu] [HP] [den] [in_i'H2O] [in_i'Hg] [PRU] [diop] " +
  "[p'diop] %[slope] [Ch] [drp] [hnsf'U] [MET] [pH] [S] [HPF] [LPF] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U] [todd'U] [CCID_50] [TCID_50] " +
  "[EID_50] [PFU] [FFU] [CFU] [IR] [BAU] [AU] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] Ao b att [psi] circ sph bit_s"
const PREFIXES = 'Y Z E P T G M k h da d c m u n p f a z y'
/** Annotations carry no meaning in UCUM and any text; these are the usual ones of laboratories and pharmacies. */
const ANNOTATIONS =
  '# score nominal presence SG INR T-score Z-score ratio index titer percentile fraction mutation copies cells cell RBC WBC CFU counts count beats breaths steps ' +
  'events episodes days tablet tbl capsule cap puff actuation drop patch sachet suppository ampule vial unit units dose application spray 1.73_m2 creat Cre ' +
  'Creat creatinine DDU FEU Hb wet_wt dry_wt tot_vol vol volume mass log log_copies base'

const METRIC_ATOMS = new Set(METRIC.split(' '))
const ATOMS = new Set([...METRIC_ATOMS, ...PLAIN.split(' ')])
const ANNOTATED = new Set(ANNOTATIONS.split(' '))
const PREFIX_LIST = PREFIXES.split(' ')

const MAX_PARTS = 6
const PART = /^(?<unit>[^{}+-]*?)(?<exponent>[+-]?\d{1,2})?(?:\{(?<annotation>[^{}]*)\})?$/

/** Units repeat, and a look-up costs less than a parse. Only units are remembered, and only so many. */
const known = new Set<string>()
const MAX_KNOWN = 2000

/** @returns whether the text is a unit; the micro sign counts as the prefix `u` */
export function isUcumUnit(text: string): boolean {
  if (known.has(text)) return true
  const unit = isTerm(text)
  if (unit && known.size < MAX_KNOWN) known.add(text)
  return unit
}

function isTerm(text: string): boolean {
  const term = text.replaceAll(/[µμ]/g, 'u')
  // One pair of parentheses, as in mL/(min.m2): they change no part.
  const open = /^([^()]*\/)\(([^()]+)\)([./][^()]+)?$/.exec(term)
  const flat = open ? `${open[1]}${open[2]}${open[3] ?? ''}` : term
  const parts = partsOf(flat.startsWith('/') ? flat.slice(1) : flat)
  return parts.length > 0 && parts.length <= MAX_PARTS && parts.every(isPart)
}

/** Splits at `.` and `/`, which are part of an annotation in `{1.73_m2}`. */
function partsOf(term: string): readonly string[] {
  return term.match(/(?:\{[^{}]*\}|[^./{}])+|(?<=[./]|^)(?=[./]|$)/g) ?? []
}

function isPart(part: string): boolean {
  if (/^\d{1,3}$/.test(part)) return true
  // Atoms that end in a digit or contain one come before the exponent is looked for.
  const whole = part.replace(/\{[^{}]*\}$/, '')
  const { annotation, exponent, unit } = PART.exec(part)?.groups ?? {}
  if (annotation !== undefined && !ANNOTATED.has(annotation)) return false
  if (whole === '') return annotation !== undefined
  const power = /^10[*^](?:[+-]?\d{1,2})?$/.test(whole)
  return power || isSimpleUnit(whole) || (exponent !== undefined && unit !== undefined && isSimpleUnit(unit))
}

function isSimpleUnit(unit: string): boolean {
  if (ATOMS.has(unit)) return true
  return PREFIX_LIST.some((prefix) => unit.startsWith(prefix) && METRIC_ATOMS.has(unit.slice(prefix.length)))
}
