/** Drugs: name, ATC, and a UCD code of the right form and key (34008, 7 digits, EAN-13 key; the 7 digits are fictitious). */
import { ucd13Of } from '../people/nir.ts'

export interface Drug {
  readonly name: string
  readonly atc: string
  readonly ucd: string
  readonly unit: string
  readonly doses: readonly number[]
  readonly route: string
}

const LIST = `paracétamol N02BE01 mg 500,1000 PO
amoxicilline-acide-clavulanique J01CR02 g 1 PO
ceftriaxone J01DD04 g 1,2 IV
énoxaparine B01AB05 [IU] 4000,6000 SC
oméprazole A02BC01 mg 20,40 PO
pantoprazole A02BC02 mg 40 IV
morphine N02AA01 mg 5,10 SC
tramadol N02AX02 mg 50,100 PO
kétoprofène M01AE03 mg 100 IV
furosémide C03CA01 mg 20,40 PO
ramipril C09AA05 mg 5,10 PO
amlodipine C08CA01 mg 5,10 PO
bisoprolol C07AB07 mg 2.5,5 PO
metformine A10BA02 mg 500,1000 PO
gliclazide A10BB09 mg 30,60 PO
insuline-glargine A10AE04 [IU] 12,18,24 SC
atorvastatine C10AA05 mg 20,40 PO
rosuvastatine C10AA07 mg 5,10 PO
apixaban B01AF02 mg 2.5,5 PO
rivaroxaban B01AF01 mg 15,20 PO
salbutamol R03AC02 ug 100 INH
indacatérol R03AC18 ug 150 INH
tiotropium R03BB04 ug 18 INH
budésonide-formotérol R03AK07 ug 200 INH
formotérol R03AC13 ug 12 INH
sertraline N06AB06 mg 50 PO
escitalopram N06AB10 mg 10 PO
lévothyroxine H03AA01 ug 50,75,100 PO
tamsulosine G04CA01 mg 0.4 PO
létrozole L02BG03 mg 2.5 PO
ondansétron A04AA01 mg 4,8 IV
oxaliplatine L01XA03 mg 85 IV
darbépoétine B03XA02 ug 40 SC
fer-injectable B03AC mg 200 IV
potassium-chlorure A12BA01 mg 600 PO
sels-minéraux A12AX mg 500 PO
macrogol A06AD15 g 10 PO
zopiclone N05CF01 mg 7.5 PO
clopidogrel B01AC04 mg 75 PO
acide-acétylsalicylique B01AC06 mg 75 PO
phloroglucinol A03AX12 mg 80 PO
ibuprofène M01AE01 mg 200,400 PO`

export const DRUGS: readonly Drug[] = LIST.split('\n').map((line, index) => {
  const [name = '', atc = '', unit = '', doses = '', route = ''] = line.split(' ')
  return {
    name: name.replaceAll('-', ' '),
    atc,
    unit,
    doses: doses.split(',').map(Number),
    route,
    ucd: ucd13Of(String(9_000_011 + index * 7_919)),
  }
})

const byAtc = new Map(DRUGS.map((drug) => [drug.atc, drug]))
const COMMON = [
  'N02BE01',
  'B01AB05',
  'A02BC01',
  'A06AD15',
  'N02AX02',
  'N05CF01',
  'A03AX12',
  'M01AE01',
  'J01CR02',
  'A04AA01',
]
export const COMMON_DRUGS: readonly Drug[] = COMMON.map(drugOf)
export const CHILD_DRUGS: readonly Drug[] = ['N02BE01', 'J01CR02', 'M01AE01', 'A03AX12'].map(drugOf)

/** @throws RangeError for a code that is not in the list */
export function drugOf(atc: string): Drug {
  const drug = byAtc.get(atc)
  if (!drug) throw new RangeError(`no drug ${atc}`)
  return drug
}
