// Ctrl+Shift and a letter. Bare letters would be typed by accident, and Ctrl+Alt is AltGr on a German keyboard.
import { settings } from './settings.svelte'

export const COMMANDS = {
  answer: 'A',
  end: 'E',
  mute: 'M',
  hold: 'H',
  consult: 'L',
  swap: 'S',
  conference: 'F',
  transfer: 'X',
  keypad: 'K',
  dial: 'D',
  state: 'U',
} as const

export type Command = keyof typeof COMMANDS

/** Chromium and Firefox open and close windows and tabs by these, whatever a page does. */
export const RESERVED = ['N', 'P', 'Q', 'T', 'W']

class Shortcuts {
  letter(command: Command): string {
    return settings.shortcuts[command] ?? COMMANDS[command]
  }

  /** The keys as they are shown. */
  keys(command: Command): string {
    const [control, shift] = settings.lang === 'de' ? ['Strg', 'Umschalt'] : ['Ctrl', 'Shift']
    return `${control}+${shift}+${this.letter(command)}`
  }

  /** The keys by their standard names (WAI-ARIA, aria-keyshortcuts). */
  standard(command: Command): string {
    return `Control+Shift+${this.letter(command)}`
  }

  /** The command that has this letter. */
  of(letter: string): Command | undefined {
    const commands = Object.keys(COMMANDS) as Command[]
    return commands.find((command) => this.letter(command) === letter)
  }

  set(command: Command, letter: string): void {
    settings.shortcuts = { ...settings.shortcuts, [command]: letter }
    settings.keep()
  }

  reset(): void {
    settings.shortcuts = {}
    settings.keep()
  }

  /** The command that a key stands for. */
  pressed(event: KeyboardEvent): Command | undefined {
    if (!event.ctrlKey || !event.shiftKey || event.altKey || event.metaKey) return undefined
    return this.of(event.key.toUpperCase())
  }
}

export const shortcuts = new Shortcuts()
