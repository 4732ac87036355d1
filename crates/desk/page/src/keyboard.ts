// The shortcuts: each clicks the button that the agent would click, so that a refused act says why all the same.
import { shortcuts, type Command } from './shortcuts.svelte'
import { phone } from './phone.svelte'
import { tick } from 'svelte'
import { view } from './view.svelte'

export async function keyboard(event: KeyboardEvent): Promise<void> {
  const command = shortcuts.pressed(event)
  if (!command || (event.target as HTMLElement | null)?.closest('.shortcut')) return
  event.preventDefault()
  if (event.repeat) return
  switch (command) {
    case 'state':
      await phone.post('/api/presence', { presence: phone.status?.presence === 'available' ? 'idle' : 'available' })
      return
    case 'dial':
      view.panel = 'dial'
      view.settings = false
      await tick()
      document.querySelector<HTMLElement>('[data-dial]')?.focus()
      return
    default:
      press(command)
  }
}

function press(command: Command): void {
  const keys = shortcuts.standard(command)
  const buttons = [...document.querySelectorAll<HTMLElement>(`[aria-keyshortcuts="${keys}"]`)]
  const button = buttons.find((button) => button.getAttribute('aria-disabled') !== 'true') ?? buttons[0]
  // A refused one is focused, so that its reason is read.
  button?.focus()
  button?.click()
}
