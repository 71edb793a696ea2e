/** Words of dates, streets and hospitals for the surrogates, by language. */
import { readFileSync } from 'node:fs'
import type { Language } from '../types.ts'

export interface Words {
  readonly months: readonly (readonly string[])[]
  readonly days: readonly string[]
  readonly weekdays: readonly string[]
  readonly year: (year: number) => string
  readonly streets: readonly string[]
  readonly streetTypes: readonly string[]
  readonly domains: readonly string[]
  readonly hospitalNames: readonly string[]
  readonly shortHospitals: readonly string[]
  readonly states: readonly string[]
  readonly statenames: readonly string[]
  /** Addresses without a street: `*` is a name, `#` a number. */
  readonly houses: readonly string[]
}

const list = (text: string): readonly string[] => text.split(',').map((one) => one.trim())
const UNITS = list(
  'zéro,un,deux,trois,quatre,cinq,six,sept,huit,neuf,dix,onze,douze,treize,quatorze,quinze,seize,dix-sept,dix-huit,dix-neuf',
)
const TENS = list(',,vingt,trente,quarante,cinquante,soixante,soixante,quatre-vingt,quatre-vingt')

/** @returns 0 to 99 in French words */
function spoken(n: number): string {
  if (n < 20) return UNITS[n] as string
  const tens = Math.floor(n / 10)
  const rest = [7, 9].includes(tens) ? (n % 10) + 10 : n % 10
  const word = TENS[tens] as string
  if (rest === 0) return tens === 8 ? 'quatre-vingts' : word
  return rest === 1 && tens < 8 ? `${word} et un` : `${word}-${UNITS[rest]}`
}

const hospitals = readFileSync(new URL('../lexicon/data/hospitals.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))

const FR: Words = {
  months: [
    ['janvier', 'janv', 'jan'],
    ['février', 'fevrier', 'fév'],
    ['mars'],
    ['avril', 'avr'],
    ['mai'],
    ['juin'],
    ['juillet', 'juil'],
    ['août', 'aout'],
    ['septembre', 'sept'],
    ['octobre', 'oct'],
    ['novembre', 'nov'],
    ['décembre', 'decembre', 'déc'],
  ],
  days: Array.from({ length: 31 }, (_, i) => (i === 0 ? 'premier' : spoken(i + 1).replace(' et un', ' et un'))),
  weekdays: list('lundi,mardi,mercredi,jeudi,vendredi,samedi,dimanche'),
  year: (year) =>
    (year < 2000
      ? `mille neuf cent ${year % 100 ? spoken(year % 100) : ''}`
      : `deux mille ${year % 100 ? spoken(year % 100) : ''}`
    )
      .trim()
      .replaceAll('-', ' '),
  streets: list(
    "de la République,de la Liberté,Victor Hugo,Jean Jaurès,des Lilas,des Acacias,de la Gare,du Moulin,de l'Église,des Écoles,Pasteur,de Verdun,du 8 mai 1945,du 11 novembre 1918,Gambetta,des Tilleuls,de la Mairie,du Stade,des Rosiers,de la Fontaine,du Château,des Cerisiers,de Paris,des Jardins,du Lavoir,de la Poste,Jules Ferry,Émile Zola,du Général de Gaulle,du Maréchal Foch,des Peupliers,de la Paix,de Bretagne,du Bois,des Prés,de la Croix Blanche,de l'Hôpital,Anatole France,Saint-Michel,Notre-Dame,des Vignes,de la Forêt,des Marronniers,de l'Abbé Grégoire,du Faubourg Saint-Antoine,d'Italie,de la Grande Armée,Lafayette,Voltaire,des Martyrs,du Temple,du Port,des Alpes,de la Plage,des Mimosas,du Pont Neuf,des Capucins,du Bac,du Four,des Fleurs,de Rivoli,du Lys",
  ),
  streetTypes: list(
    'rue,rue,rue,rue,rue,avenue,avenue,avenue,av.,av,boulevard,boulevard,bd,Bd,Rue,Avenue,Boulevard,place,chemin,allée,impasse,route,quai,square,cours,passage,allées,Chemin,Allée,Place,Impasse,ruelle,r.,faubourg',
  ),
  domains: list(
    'aphp.fr,gmail.com,hotmail.fr,orange.fr,wanadoo.fr,free.fr,laposte.net,yahoo.fr,chu-lyon.fr,chu-toulouse.fr,sfr.fr,medecin.mssante.fr,aphp.mssante.fr,outlook.com,hopital.fr,live.fr,aphm.fr,chru-lille.fr',
  ),
  hospitalNames: hospitals.slice(0, -1).flatMap(list),
  shortHospitals: list(
    'HEGP,PSL,APHP,AP-HP,HCL,APHM,CHUV,IGR,IMM,KB,BCH,SLS,SAT,LRB,TNN,NCK,RDB,TRS,CCH,BCT,ABC,APR,HMN,AVC,JVR,LMR,BJN,PBR,CFX,RPC,CHIC,GHPSJ,HUPNVS,CHSF,HPGM,ICM,IUCT,CLB,GHNE,IPC,GHEH',
  ),
  states: list('IDF'),
  statenames: list('Bretagne'),
  houses: [
    'Lieu-dit *',
    'lieu dit La *',
    'Lieudit Le *',
    'Le Bourg',
    'Résidence *',
    'Résidence Les *, bât. B',
    'résidence *, entrée #',
    'Résidence * appt #',
    'Domaine de *',
    'Clos *',
    'Le Clos des *, #e étage',
    'Villa *',
    'Maison *',
    'Mas de *',
    'Ferme de *',
    'Hameau de *',
    'Hameau Les *',
    'Les Hauts de *, esc. #',
    'Quartier *',
    'Cité *, bât. C, 2e étage',
    'Tour *, 8e étage, porte #',
    'ZA de *',
    'Espace Santé *',
    'Immeuble Le *',
    'Bât. A, résidence *, # chemin de *',
    'Foyer *',
    'Château de *',
    'BP #',
  ],
}

const EN: Words = {
  months: [
    ['January', 'Jan'],
    ['February', 'Feb'],
    ['March', 'Mar'],
    ['April', 'Apr'],
    ['May'],
    ['June', 'Jun'],
    ['July', 'Jul'],
    ['August', 'Aug'],
    ['September', 'Sept'],
    ['October', 'Oct'],
    ['November', 'Nov'],
    ['December', 'Dec'],
  ],
  days: [],
  weekdays: list('Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday'),
  year: String,
  streets: list(
    'Main,Oak,Maple,Cedar,Elm,Washington,Lake,Hill,Park,Pine,Walnut,Spring,River,Church,Center,Highland,Forest,Jefferson,Lincoln,Franklin,Union,Mill,School,Sunset,Meadow,Chestnut,Broadway,Market,Commonwealth,Beacon,Longwood',
  ),
  streetTypes: [],
  domains: list(
    'gmail.com,yahoo.com,hotmail.com,aol.com,partners.org,hospital.org,outlook.com,example.com,nhs.net,mail.com,armyspy.com,rhyta.com,mgh.harvard.edu',
  ),
  hospitalNames: list(hospitals.at(-1) ?? ''),
  shortHospitals: list('MGH,BWH,BIDMC'),
  states: list(
    'AL,AK,AZ,AR,CA,CO,CT,DE,FL,GA,HI,ID,IL,IN,IA,KS,KY,LA,ME,MD,MA,MI,MN,MS,MO,MT,NE,NV,NH,NJ,NM,NY,NC,ND,OH,OK,OR,PA,RI,SC,SD,TN,TX,UT,VT,VA,WA,WV,WI,WY,DC',
  ),
  statenames: list(
    'Alabama,Alaska,Arizona,Arkansas,California,Colorado,Connecticut,Delaware,Florida,Georgia,Hawaii,Idaho,Illinois,Indiana,Iowa,Kansas,Kentucky,Louisiana,Maine,Maryland,Massachusetts,Michigan,Minnesota,Mississippi,Missouri,Montana,Nebraska,Nevada,New Hampshire,New Jersey,New Mexico,New York,North Carolina,North Dakota,Ohio,Oklahoma,Oregon,Pennsylvania,Rhode Island,South Carolina,South Dakota,Tennessee,Texas,Utah,Vermont,Virginia,Washington,West Virginia,Wisconsin,Wyoming',
  ),
  houses: [
    'Flat #',
    '* House',
    '* Cottage',
    'The Old *',
    '* Farm',
    '* Lodge',
    'RR # Box #',
    'Rural Route #',
    'P.O. Box #',
    'PO Box #',
    '* Court',
    'Trailer #',
    '* Apartments #',
    'Lot #',
    'PSC # Box #',
    '* View',
    'Unit #',
  ],
}

export const words = (language: Language): Words => (language === 'fr' ? FR : EN)
