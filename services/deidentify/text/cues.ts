/** Words that announce an identifier, by what they announce. Folded, without accents; both languages together. */
import { hashFolded } from './characters.ts'

const WORDS = {
  doctor: 'dr drs docteur docteurs doctoresse pr prs prof professeur professeurs doctor professor md phd dres',
  civility:
    'm mr mrs ms mme mmes mlle mlles monsieur madame mademoiselle messieurs mesdames miss sir maitre me melle mm mister madam',
  role: 'interne internes externe medecin medecins chirurgien anesthesiste infirmier infirmiere ide cadre secretaire assistant assistante cca praticien praticiens chef senior psychologue kinesitherapeute kine orthophoniste dieteticienne sage sagefemme pharmacien radiologue cardiologue neurologue biologiste operateur operateurs aide consultant correspondant correspondants prescripteur physician attending resident surgeon nurse rn np pa pcp fellow radiologist cardiologist therapist provider consultants referring dictating transcribed dictated hematologues cnm crna coordinator detective investigator chaplain pastor paramedic interpreter counselor counsellor',
  kin: 'pere mere fils fille epoux epouse mari femme conjoint conjointe compagne compagnon frere soeur tante oncle neveu niece cousin cousine ami amie voisin voisine parrain tuteur tutrice curateur confiance enfant grand father mother son daughter wife husband brother sister aunt uncle nephew niece friend partner spouse guardian neighbor girlfriend boyfriend proxy kin copine copain maman papa belle beau fiance fiancee filleul filleule',
  nameLabel:
    'nom noms prenom prenoms patronyme patient patiente patients patientes usager assure assuree name surname firstname lastname given family maiden jf alias aka appele appelee nomme nommee prenomme prenommee concerne concernant objet copie destinataire destinataires cher chere dear re cc attn',
  signature:
    'signe signee signature valide validee redige redigee dicte dictee electroniquement cosigne relu saisi imprime confraternellement cordialement sincerely regards signed electronically authenticated reviewed prepared approved',
  birth: 'ne nee nes naissance nais naiss ddn dn naissances dob born birth birthdate birthday',
  phone:
    'tel tels telephone telephones telephonique portable mobile port poste bip joignable joindre appeler rappeler numero gsm standard secretariat dect ligne phone tel cell pager beeper home work call contact ext extension mobile landline hotline bleep bip bips dect whatsapp sms texto callback',
  fax: 'fax telecopie telecopies faxer faxe faxee faxes facsimile',
  mail: 'mail email courriel mel e electronique adressel mails messagerie',
  ipp: 'ipp ip nip iep identifiant identification noip permanent dossier ipps',
  nda: 'nda ndas sejour venue visite passage admission iep hospitalisation encounter visit csn fin',
  mrn: 'mrn mr medrec unit record chart uhid nhs hospital medical mrns patientid account acct id number no identifier mbi hic hicn medicaid masshealth ihi ppsn nhi uin upi ur urn umrn hcn ohip chi pid subscriber mpi',
  nir: 'nir ins secu securite sociale immatriculation nss insee ss ssn social security assurance insi',
  rpps: 'rpps adeli finess am npi dea license licence siret siren gmc nmc cpso imc lic upin hcpc gphc ahpra bacb',
  accession:
    'accession specimen prelevement echantillon etiquette serial serie lot numserie device udi implant demande examen case order path ref reference plaque plate badge claim folder cristal member group policy subject incident employee passport docket invoice rx enrollee warrant study requisition ticket tracking permit visa inmate job run tag kit bag control confirmation voucher dispatch',
  address:
    'adresse domicile domicilie domiciliee demeurant demeure reside residant residence habite habitant habitent vit logement sis sise situe situee rdv address residing resides lives living located',
  street:
    'rue avenue av ave bd bld blvd boulevard place pl chemin ch allee allees impasse imp route rte quai square sq cours passage villa cite residence hameau lotissement lot lieu sentier ruelle faubourg fbg fg esplanade promenade rond voie montee cote traverse venelle mail parvis batiment bat escalier apt appt appartement bp cs street st str road rd drive dr lane ln court ct circle cir terrace ter way pkwy parkway highway hwy suite ste apartment unit box po strasse via calle chaussee dreve clos grove crescent close gardens mews trail loop',
  hospital:
    'hopital hopitaux hop chu chr chru ch clinique polyclinique ght centre hospitalier hospitaliere hia groupe ehpad ssr institut maternite maison had ihu chi chs hospital hospitals clinic clinics center centre medical infirmary memorial health healthcare nursing rehab rehabilitation campus sanatorium hospice university aphp hcl',
  city: 'ville commune city town a vers depuis pres village region quartier departement state county from in of',
  date: 'le du au date dates depuis en jour des les entre jusqu sortie entree hospitalise consultation rdv vu vue realise effectue preleve imprime on since until dated admitted discharged admission discharge seen last next from to',
  month:
    'janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre january february march april may june july august september october november december',
  state:
    'al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy dc alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming',
  particle:
    'de du des d la le les l da do dos das del della di van von der den ter ten el al ben bin abd abou ould ait san mc mac o bou st saint ste sainte y et',
  law: 'loi decret arrete directive ordonnance reglement article law act regulation directive',
  ward: 'service unite uf departement pole secteur salle chambre lit bloc ward unit department floor room bed team consultation consultations',
} as const

export type Cue = keyof typeof WORDS
const NAMES = Object.keys(WORDS) as Cue[]

/** A word may announce more than one thing: one bit for each. */
export const CUE: Readonly<Record<Cue, number>> = Object.fromEntries(NAMES.map((name, i) => [name, 1 << i])) as Record<
  Cue,
  number
>

const BITS = new Map<number, number>()
for (const name of NAMES)
  for (const word of WORDS[name].split(' ')) {
    const hash = hashFolded(word)
    BITS.set(hash, (BITS.get(hash) ?? 0) | CUE[name])
  }

/** @param hash of a folded word @returns bits of `CUE`; 0 for other words */
export const cuesOf = (hash: number): number => BITS.get(hash) ?? 0
