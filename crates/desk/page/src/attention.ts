// What draws the agent's eye and ear while the tab is not looked at: title, favicon, notification; and what a screen reader is told.
// Ringing is the phone's own affair.
import type { Call, Event } from './api'
import { phone } from './phone.svelte'
import { number, party, peer, tone, view } from './view.svelte'
import { settings } from './settings.svelte'
import { said, t } from './words.svelte'

const shown = new Map<number, Notification>()
/** Calls that the agent was asked to place, and was told of. */
const asked = new Set<number>()

/** Follows the phone; called as an effect, so it runs again with each change. */
export function watch(): () => void {
  sign()
  const calls = phone.status?.calls ?? []
  for (const call of calls.filter((call) => call.stage === 'asked' && !asked.has(call.id))) {
    asked.add(call.id)
    announce(`${said(call, 'stage_text')}: ${party(peer(call))}`)
    notify(call, said(call, 'stage_text'))
  }
  for (const [id, notification] of shown) {
    if (!calls.some((call) => call.id === id && (call.stage === 'offered' || call.stage === 'asked'))) {
      notification.close()
      shown.delete(id)
    }
  }
  phone.listeners.add(hear)
  return () => phone.listeners.delete(hear)
}

/** Title and favicon. */
function sign(): void {
  const { name } = phone.status ?? {}
  const call = view.offers.at(-1) ?? view.call
  const icon = call ? icons[tone(call)] ?? 'call' : phone.status?.presence === 'available' ? 'free' : 'idle'
  document.title = call ? `${said(call, 'stage_text')}: ${party(peer(call))} – Trialog` : `${name ?? ''} – Trialog`
  document.getElementById('favicon')?.setAttribute('href', `/${phone.link === 'up' ? icon : 'idle'}.svg`)
}

const icons: Record<string, string> = { ring: 'ring', held: 'held' }

function hear(event: Event): void {
  switch (event.event) {
    case 'call-offered':
      if (event.view) {
        announce(`${t('incoming')}: ${party(event.peer)}`)
        notify(event.view, t('incoming'))
      }
      break
    case 'call-changed':
      if (event.was && event.view.stage !== 'ending') announce(`${party(peer(event.view))}: ${said(event.view, 'stage_text')}`)
      break
    case 'wrap-up-due':
      announce(t('wrapUp'))
      break
  }
}

function announce(text: string): void {
  const live = document.getElementById('live')
  if (live) live.textContent = text
}

function notify(call: Call, what: string): void {
  if (!document.hidden || !settings.notify || Notification.permission !== 'granted') return
  const by = peer(call)
  const notification = new Notification(party(by), {
    body: [what, by && number(by)].filter(Boolean).join(' · '),
    tag: `trialog-${call.id}`,
    requireInteraction: true,
  })
  notification.onclick = () => {
    focus()
    view.chosen = call.id
    notification.close()
  }
  shown.set(call.id, notification)
}
