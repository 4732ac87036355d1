// What this tab shows of the phone: which call is in the centre, which panel is open. It decides nothing about a call.
import type { Act, ActName, Call, IdleReason, Leg, Party, Role, Stage, Status } from './api'
import { directory } from './directory.svelte'
import { phone } from './phone.svelte'
import { settings } from './settings.svelte'
import { said, t, type Word } from './words.svelte'

/** What asks for an address. */
export type Aim = 'consult' | 'transfer' | 'forward'

export type Panel = 'dial' | 'history' | 'wrap-up' | 'sound'

const OFFER: Stage = 'offered'

class View {
  /** The call that was clicked in the work list. */
  chosen = $state<number | null>(null)
  aim = $state<{ call: number; aim: Aim } | null>(null)
  keypad = $state(false)
  /** The call whose end for all waits for a yes. */
  sure = $state<number | null>(null)
  panel = $state<Panel>('dial')
  settings = $state(false)

  get calls(): Call[] {
    return phone.status?.calls ?? []
  }

  /** Offers first, the newest before the others; then the calls, newest first. */
  get work(): Call[] {
    const newest = (a: Call, b: Call) => b.id - a.id
    const offers = this.calls.filter((call) => call.stage === OFFER).sort(newest)
    return [...offers, ...this.calls.filter((call) => call.stage !== OFFER).sort(newest)]
  }

  get offers(): Call[] {
    return this.calls.filter((call) => call.stage === OFFER)
  }

  /** The call in the centre: the chosen one, else one that is talked in, else the newest. */
  get call(): Call | null {
    const { calls } = this
    const chosen = calls.find((call) => call.id === this.chosen)
    const resting: Stage[] = [OFFER, 'asked', 'held', 'anchored', 'ending']
    const active = calls.filter((call) => !resting.includes(call.stage))
    return chosen ?? active.at(-1) ?? calls.findLast((call) => call.stage !== 'ending') ?? calls.at(-1) ?? null
  }

  /** Forgets what was open for calls that are gone or in another state. */
  settle(status: Status): void {
    const call = (id: number | null) => status.calls.find((call) => call.id === id)
    if (!call(this.chosen)) this.chosen = null
    if (this.aim) {
      const of = call(this.aim.call)
      if (!of || !act(of, this.aim.aim, true)?.allowed) this.aim = null
    }
    if (!call(this.sure) || !act(call(this.sure) as Call, 'end')) this.sure = null
    if (!this.call || !act(this.call, 'dtmf')?.allowed) this.keypad = false
  }
}

export const view = new View()

/** An act of a call; `aimed`: the one that takes an address. */
export function act(call: Call, name: ActName, aimed = false): Act | undefined {
  const all = call.acts.filter((act) => act.act === name)
  return all.find((act) => (act.takes === 'to') === aimed) ?? (aimed ? undefined : all[0])
}

/** Why an act can't be done now, in words; empty where it can. */
export function reason(call: Call, act: Act | undefined, label: string): string {
  if (phone.looks) return t('looksOnly')
  if (!act) return t('notInState', { act: label, stage: said(call, 'stage_text') })
  return act.allowed ? '' : said(act, 'reason')
}

export function party(of: Party | undefined): string {
  return of ? directory.name(of) ?? said(of, 'name').replace(/^sips?:/, '') : ''
}

/** The line that was called, where that tells something: a hotline that leads here, or one of several lines. */
export function line(call: Call): Party | undefined {
  const accounts = phone.status?.accounts ?? []
  const own = accounts.some((account) => account.aor === call.called?.uri)
  return call.diverted_from?.[0] ?? (own && accounts.length < 2 ? undefined : call.called)
}

/** Idle, and why. */
export function idleFor(reason: IdleReason | undefined): string {
  if (!reason) return t('idle')
  return t('idleFor', { reason: settings.lang === 'de' ? reason.de : reason.en })
}

/** What a new caller meets. */
export function callers(): string {
  const status = phone.status?.callers_get
  return status === undefined ? t('callersRing') : t('callersGet', { status })
}

/** The party that the call is about: the customer of ours, else the agent whose guest we are. */
export function main(call: Call): Leg | undefined {
  return call.legs[0]
}

/** The party that stands for the call: the main leg's; of a call that is but asked for, the one that asks. */
export function peer(call: Call): Party | undefined {
  return main(call) ?? call.transfer_request?.by
}

/** What a caller says of itself, and no server has confirmed. Whom we called, we know. */
export function unconfirmed(leg: Leg): boolean {
  return leg.id.startsWith('r') && !leg.asserted && !leg.anonymous
}

const SILENT: Record<Role, Word> = { customer: 'silentCustomer', owner: 'silentOwner', guest: 'silentGuest' }

/** What is wrong with a party's sound, in words; empty where nothing is. */
export function faulty(leg: Leg): string {
  if (leg.silent) return t(SILENT[leg.role])
  return leg.far_held ? t('farHeld') : ''
}

/** The number below a name, unless the name is it already. */
export function number(of: Party): string {
  const shown = of.number ?? of.uri ?? ''
  return shown.replace(/^sips?:/, '') === party(of) ? '' : shown.replace(/^sips?:/, '')
}

/** Since when the agent counts: the talk, the hold, or the state. */
export function since(call: Call): number {
  if (call.stage === 'connected') return call.answered_ms ?? call.since_ms
  if (call.stage === 'held') return main(call)?.held_since_ms ?? call.since_ms
  return call.since_ms
}

/** How a state looks: a colour's name, which always goes with a word and a sign. */
export function tone(call: Call): string {
  switch (call.stage) {
    case 'offered':
    case 'dialling':
      return 'ring'
    case 'connected':
    case 'conference':
    case 'anchored':
      return 'talk'
    case 'held':
      return 'held'
    case 'consult-requested':
    case 'consulting':
    case 'swapped':
      return 'consult'
    case 'asked':
    case 'transfer-pending':
      return 'transfer'
    default:
      return 'rest'
  }
}

/** For a button that asks the phone for something, and is no act of a call: greyed in a browser that only looks, and says why. */
export function asking(): { 'aria-disabled'?: 'true'; 'aria-describedby'?: string; title?: string } {
  return phone.looks ? { 'aria-disabled': 'true', 'aria-describedby': 'looks-only', title: t('looksOnly') } : {}
}
