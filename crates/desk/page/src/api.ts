// The API's types by short names. They come from the API's own document: `npm run types -- DOCUMENT` makes `api.d.ts` of it.
import type { components } from './api.d'
export type { components }

type Schemas = components['schemas']
export type Status = Schemas['Status']
export type Call = Schemas['Call']
export type Leg = Schemas['CallLeg']
export type Party = Schemas['Party']
export type Act = Schemas['Act']
export type ActName = Schemas['ActName']
export type Stage = Schemas['Stage']
export type WrapUp = Schemas['WrapUp']
export type Account = Schemas['Account']
export type Event = Schemas['Event']
export type Notice = Schemas['Notice']
export type Contact = Schemas['Contact']
export type HistoryCall = Schemas['HistoryCall']
export type Problem = Schemas['Problem']
export type IdleReason = Schemas['IdleReason']
export type Quality = Schemas['Quality']
export type Verdict = Schemas['Verdict']
export type Levels = Schemas['Levels']
export type Role = Schemas['Role']
export type Lamp = Schemas['Lamp']
export type Presence = Schemas['Presence']

/** Where this browser keeps what proves that it was paired: no page of another address or port can read it. */
const PROOF = 'trialog.proof'

/** Pairs this browser by the code that the page was opened with. */
export async function pair(code: string): Promise<void> {
  const answer = await ask('POST', '/api/page/pair', { code })
  if (answer.ok) {
    const { proof } = (await answer.json()) as components['schemas']['Paired']
    localStorage.setItem(PROOF, proof)
  }
}

/** A request to the phone, by cookie and proof of this browser. */
export async function ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { 'Trialog-Proof': localStorage.getItem(PROOF) ?? '' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  return fetch(path, {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}
