/** Procedures (CCAM), each with the reasons for it: our own short selection of common codes. */

export interface Procedure {
  readonly code: string
  readonly label: string
  readonly minutes: number
}

const PROCEDURES: Readonly<Record<string, Procedure>> = {
  ecg: { code: 'DEQP003', label: 'électrocardiogramme sur au moins 12 dérivations', minutes: 10 },
  thorax: { code: 'ZBQK002', label: 'radiographie du thorax', minutes: 10 },
  echoHeart: { code: 'DZQM006', label: 'échocardiographie-doppler transthoracique', minutes: 25 },
  headCt: { code: 'ACQK001', label: 'scanner du crâne sans injection', minutes: 15 },
  chestCt: { code: 'ZBQH001', label: 'scanner du thorax avec injection', minutes: 20 },
  abdomenCt: { code: 'ZCQH001', label: 'scanner de l’abdomen et du pelvis avec injection', minutes: 20 },
  abdomenEcho: { code: 'ZCQM008', label: 'échographie de l’abdomen', minutes: 20 },
  coronary: { code: 'DDQH009', label: 'coronarographie', minutes: 45 },
  stent: { code: 'DDAF006', label: 'angioplastie coronaire avec pose de stent', minutes: 70 },
  gastroscopy: { code: 'HEQE002', label: 'endoscopie œso-gastro-duodénale', minutes: 20 },
  colonoscopy: { code: 'HHQE005', label: 'coloscopie totale', minutes: 35 },
  appendix: { code: 'HHFA016', label: 'appendicectomie par cœlioscopie', minutes: 55 },
  gallbladder: { code: 'HMFC004', label: 'cholécystectomie par cœlioscopie', minutes: 70 },
  hernia: { code: 'LMMC002', label: 'cure de hernie inguinale par cœlioscopie', minutes: 50 },
  hip: { code: 'NEKA020', label: 'prothèse totale de hanche', minutes: 95 },
  knee: { code: 'NFKA007', label: 'prothèse totale de genou', minutes: 100 },
  cataract: { code: 'BFGA004', label: 'phacoémulsification du cristallin avec implant', minutes: 25 },
  dialysis: { code: 'JVJF004', label: 'séance d’hémodialyse', minutes: 240 },
  birth: { code: 'JQGD010', label: 'accouchement par voie naturelle', minutes: 360 },
  caesarean: { code: 'JQGA004', label: 'césarienne', minutes: 60 },
  obstetricEcho: { code: 'JQQM018', label: 'échographie obstétricale', minutes: 30 },
  prostate: { code: 'JGFA015', label: 'résection endoscopique de la prostate', minutes: 60 },
  suture: { code: 'QZJA002', label: 'suture de plaie', minutes: 20 },
  transfusion: { code: 'FELF011', label: 'transfusion de concentrés érythrocytaires', minutes: 120 },
  anaesthesia: { code: 'ZZLP025', label: 'anesthésie générale', minutes: 90 },
  mammography: { code: 'QEQK001', label: 'mammographie bilatérale', minutes: 15 },
  spirometry: { code: 'GLQP012', label: 'spirométrie', minutes: 30 },
  bronchoscopy: { code: 'GEQE007', label: 'fibroscopie bronchique', minutes: 30 },
}

const BY_REASON: Readonly<Record<string, readonly string[]>> = {
  K359: ['abdomenEcho', 'appendix', 'anaesthesia'],
  K805: ['abdomenEcho', 'gallbladder', 'anaesthesia'],
  K409: ['hernia', 'anaesthesia'],
  K573: ['colonoscopy', 'abdomenCt'],
  D126: ['colonoscopy', 'anaesthesia'],
  K210: ['gastroscopy'],
  D509: ['gastroscopy', 'colonoscopy', 'transfusion'],
  I214: ['ecg', 'coronary', 'stent', 'echoHeart'],
  R074: ['ecg', 'thorax', 'echoHeart'],
  I639: ['headCt', 'ecg', 'echoHeart'],
  G459: ['headCt', 'ecg'],
  S060: ['headCt'],
  R410: ['headCt', 'ecg'],
  I269: ['chestCt', 'ecg'],
  J189: ['thorax', 'chestCt', 'bronchoscopy'],
  S720: ['hip', 'anaesthesia', 'thorax'],
  M161: ['hip', 'anaesthesia'],
  M171: ['knee', 'anaesthesia'],
  H251: ['cataract'],
  Z491: ['dialysis'],
  O800: ['birth', 'obstetricEcho'],
  O820: ['caesarean', 'anaesthesia', 'obstetricEcho'],
  O470: ['obstetricEcho'],
  C61: ['prostate', 'anaesthesia'],
  S610: ['suture'],
  R104: ['abdomenEcho', 'abdomenCt'],
  N201: ['abdomenCt', 'abdomenEcho'],
}
const USUAL = ['ecg', 'thorax', 'abdomenEcho', 'echoHeart', 'spirometry'] as const

/** @returns the procedure number `nth` for a reason; common ones when the reason has no more */
export function procedureFor(reasonCode: string, nth: number): Procedure {
  const own = BY_REASON[reasonCode] ?? []
  const name = own[nth] ?? USUAL[(nth + reasonCode.length + reasonCode.charCodeAt(1)) % USUAL.length] ?? 'ecg'
  return PROCEDURES[name] as Procedure
}
