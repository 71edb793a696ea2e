/** Elements that are read only where another one is absent, only in one form, or only one of several: of a resource, those that are in no record. */

import { type Json, object, objects, text } from '#core/fhir/json.ts'
import { careUnit, pmsiMode } from './encounter.ts'
import { normalRange } from './observation-value.ts'

/** @returns paths from the resource */
type Unread = (resource: Json) => readonly string[]

export const UNREAD_OF: Readonly<Record<string, Unread>> = {
  Patient: ({ link }) =>
    named(
      'link',
      objects(link).some(({ type }) => type !== 'replaced-by'),
    ),
  Encounter: (encounter) => {
    const hospitalization = object(encounter.hospitalization)
    const notKept = (name: string) =>
      named(
        `hospitalization.${name}`,
        object(hospitalization?.[name]) !== undefined && pmsiMode(hospitalization?.[name]) === null,
      )
    const places = [
      ...objects(encounter.location).map(({ location }) => object(location)),
      object(encounter.serviceProvider),
    ]
    const unit = places.some((place) => text(object(place?.identifier)?.value) !== undefined)
    return [
      ...['admitSource', 'dischargeDisposition'].flatMap(notKept),
      ...named('location.location.identifier', unit && careUnit(encounter) === null),
    ]
  },
  Observation: (observation) => [
    ...named(
      'issued',
      observation.issued !== undefined && Object.keys(observation).some((name) => /^effective[DIP]/.test(name)),
    ),
    ...named('referenceRange', hasUnread(observation)),
    ...named('component.referenceRange', objects(observation.component).some(hasUnread)),
  ],
  MedicationRequest: ({ authoredOn, dispenseRequest, dosageInstruction }) => {
    const dosages = objects(dosageInstruction)
    const start = object(object(dispenseRequest)?.validityPeriod)?.start
    const several = (name: string) => dosages.length > 1 && dosages.some((dosage) => dosage[name] !== undefined)
    const rates = objects(dosages[0]?.doseAndRate)
    return [
      ...named('dispenseRequest.validityPeriod.start', authoredOn !== undefined && start !== undefined),
      ...named('dosageInstruction.route', several('route')),
      ...named('dosageInstruction.doseAndRate', several('doseAndRate') || rates.length > 1),
    ]
  },
  DocumentReference: ({ content, context, date, description }) => {
    const titled = objects(content).filter((one) => object(one.attachment)?.title !== undefined).length
    return [
      ...named('context.period.start', date !== undefined && object(object(context)?.period)?.start !== undefined),
      ...named('content.attachment.title', titled > (description === undefined ? 1 : 0)),
    ]
  },
}

function named(path: string, unread: boolean): readonly string[] {
  return unread ? [path] : []
}

function hasUnread(of: Json): boolean {
  return objects(of.referenceRange).length > (normalRange(of) === -1 ? 0 : 1)
}
