/**
 * The elements of FHIR R4 (hl7.org/fhir/R4) in the resources that are mapped, beyond those that a field is read from: what decides of a record
 * or is read together with another element, and what no mapping reads.
 */

/** The types of a choice element (`value[x]`) that are read; another type is no element of the mapping. */
export const CHOICES: Readonly<Record<string, readonly string[]>> = {
  abatement: ['DateTime', 'Period.end', 'String'],
  deceased: ['Boolean', 'DateTime'],
  effective: ['DateTime', 'Instant', 'Period.start'],
  medication: ['CodeableConcept', 'Reference'],
  onset: ['DateTime', 'Period.start', 'String'],
  performed: ['DateTime', 'Period.start'],
  value: [
    ...['Quantity', 'Integer', 'CodeableConcept', 'String', 'Boolean', 'Range', 'Ratio', 'Time', 'DateTime', 'Period'],
    // Read, and refused.
    'SampledData',
  ],
}

/** Of an Annotation, beside its text. */
const NOTE = ['note.authorReference', 'note.authorString', 'note.time']

interface OfType {
  /** Read, and the element of no field. */
  readonly read: readonly string[]
  /** Not read; parts of an element that is read are named with it. */
  readonly unread: readonly string[]
}

export const OF_EVERY_TYPE: OfType = {
  read: [
    'resourceType',
    'id',
    'identifier',
    'patient',
    'contained',
    'implicitRules',
    'modifierExtension',
    'meta.lastUpdated',
  ],
  unread: [
    ...['text', 'language', 'extension'],
    ...['meta.versionId', 'meta.source', 'meta.profile', 'meta.security', 'meta.tag', 'meta.extension'],
  ],
}

export const OF_TYPE: Readonly<Record<string, OfType>> = {
  Patient: {
    read: ['link', 'name.use', 'name.extension', 'address.use'],
    unread: [
      ...['contact', 'photo', 'maritalStatus', 'multipleBirthBoolean', 'multipleBirthInteger', 'communication'],
      ...['generalPractitioner', 'managingOrganization', 'name.text', 'name.prefix', 'name.suffix', 'name.period'],
      ...['address.text', 'address.type', 'address.district', 'address.state', 'address.country', 'address.period'],
      'address.extension',
    ],
  },
  Encounter: {
    read: [],
    unread: [
      ...[
        'statusHistory',
        'classHistory',
        'type',
        'serviceType',
        'priority',
        'episodeOfCare',
        'basedOn',
        'participant',
      ],
      ...['appointment', 'length', 'reasonReference', 'diagnosis', 'account', 'partOf', 'hospitalization.origin'],
      ...['hospitalization.preAdmissionIdentifier', 'hospitalization.reAdmission', 'hospitalization.dietPreference'],
      ...['hospitalization.specialCourtesy', 'hospitalization.specialArrangement', 'hospitalization.destination'],
      ...['location.status', 'location.physicalType', 'location.period', 'location.location.reference'],
      ...['location.location.type', 'location.location.display'],
      ...['serviceProvider.reference', 'serviceProvider.type', 'serviceProvider.display'],
    ],
  },
  Condition: {
    read: [],
    unread: [
      ...['severity', 'bodySite', 'recorder', 'asserter', 'stage', 'evidence'],
      ...['onsetAge', 'onsetRange', 'abatementAge', 'abatementRange', ...NOTE],
      ...['onsetPeriod.end', 'abatementPeriod.start'],
    ],
  },
  Procedure: {
    read: [],
    unread: [
      ...['instantiatesCanonical', 'instantiatesUri', 'basedOn', 'partOf', 'statusReason', 'category', 'recorder'],
      ...['asserter', 'reasonCode', 'reasonReference', 'bodySite', 'outcome', 'report', 'complication'],
      ...['complicationDetail', 'followUp', 'focalDevice', 'usedReference', 'usedCode', 'performedString'],
      ...['performedAge', 'performedRange', 'performer.function', 'performer.onBehalfOf'],
      ...['location.reference', 'location.type', 'location.display', ...NOTE],
    ],
  },
  Observation: {
    read: [
      ...['component.code', 'component.value', 'component.dataAbsentReason', 'component.note'],
      ...['component.referenceRange.low', 'component.referenceRange.high'],
    ],
    unread: [
      ...['basedOn', 'partOf', 'category', 'focus', 'performer', 'interpretation', 'bodySite', 'method', 'specimen'],
      ...['device', 'hasMember', 'derivedFrom', 'effectiveTiming', 'referenceRange.type', 'referenceRange.appliesTo'],
      ...['referenceRange.age', 'referenceRange.text', 'component.interpretation', 'component.referenceRange.type'],
      ...['component.referenceRange.appliesTo', 'component.referenceRange.age', 'component.referenceRange.text'],
      ...['effectivePeriod.end', ...NOTE],
    ],
  },
  MedicationRequest: {
    read: [...['dosageInstruction.doseAndRate.doseQuantity', 'dosageInstruction.doseAndRate.doseRange']],
    unread: [
      ...['statusReason', 'category', 'priority', 'reportedBoolean', 'reportedReference', 'supportingInformation'],
      ...['requester', 'performer', 'performerType', 'recorder', 'reasonCode', 'reasonReference', 'basedOn', 'note'],
      ...['instantiatesCanonical', 'instantiatesUri', 'groupIdentifier', 'courseOfTherapyType', 'insurance'],
      ...['substitution', 'priorPrescription', 'detectedIssue', 'eventHistory', 'dispenseRequest.initialFill'],
      ...['dispenseRequest.dispenseInterval', 'dispenseRequest.numberOfRepeatsAllowed', 'dispenseRequest.quantity'],
      ...['dispenseRequest.expectedSupplyDuration', 'dispenseRequest.performer', 'dosageInstruction.sequence'],
      ...['dosageInstruction.additionalInstruction', 'dosageInstruction.timing', 'dosageInstruction.asNeededBoolean'],
      ...['dosageInstruction.asNeededCodeableConcept', 'dosageInstruction.site', 'dosageInstruction.method'],
      ...['dosageInstruction.maxDosePerPeriod', 'dosageInstruction.maxDosePerAdministration'],
      ...['dosageInstruction.maxDosePerLifetime', 'dosageInstruction.doseAndRate.type'],
      ...['dosageInstruction.doseAndRate.rateRatio', 'dosageInstruction.doseAndRate.rateRange'],
      'dosageInstruction.doseAndRate.rateQuantity',
    ],
  },
  MedicationAdministration: {
    read: [],
    unread: [
      ...['instantiates', 'partOf', 'statusReason', 'category', 'supportingInformation', 'performer', 'reasonCode'],
      ...['reasonReference', 'request', 'device', 'note', 'eventHistory', 'dosage.site', 'dosage.method'],
      ...['dosage.rateRatio', 'dosage.rateQuantity'],
    ],
  },
  DocumentReference: {
    read: ['content.attachment.contentType'],
    unread: [
      ...['masterIdentifier', 'category', 'authenticator', 'custodian', 'relatesTo', 'securityLabel'],
      ...['content.format', 'content.attachment.language', 'content.attachment.url', 'content.attachment.size'],
      ...['content.attachment.hash', 'content.attachment.creation', 'context.event', 'context.facilityType'],
      ...['context.practiceSetting', 'context.sourcePatientInfo', 'context.related', 'context.period.end'],
    ],
  },
}
