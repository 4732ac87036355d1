// How loud the parties are, as the phone tells it some times a second. Who wants less motion sees it change once a second.
import type { Levels } from './api'

/** What silence is told as. */
export const SILENCE = -90

/** From here on a party is said to speak, in dB of full scale. */
const SPEAKS = -50

/** With less motion: the loudest of so many milliseconds. */
const CALM = 1_000

const calm = matchMedia('(prefers-reduced-motion: reduce)')

function louder(a: Levels, b: Levels): Levels {
  const legs = b.legs.map(({ leg, db }) => ({ leg, db: Math.max(db, a.legs.find((of) => of.leg === leg)?.db ?? SILENCE) }))
  return { microphone_db: Math.max(a.microphone_db, b.microphone_db), ear_db: Math.max(a.ear_db, b.ear_db), legs }
}

const NONE: Levels = { microphone_db: SILENCE, ear_db: SILENCE, legs: [] }

class Meters {
  #shown = $state.raw<Levels>(NONE)
  #next: Levels = NONE
  #at = 0
  #timer = 0

  take(levels: Levels): void {
    const wait = calm.matches ? CALM : 0
    this.#next = wait ? louder(this.#next, levels) : levels
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#show(levels), Math.max(0, this.#at + wait - Date.now()))
  }

  #show(newest: Levels): void {
    const loudest = this.#next
    this.#shown = loudest
    this.#next = newest
    this.#at = Date.now()
    // The phone tells a change once: what was quieter at the end of the second is shown in the next one.
    if (loudest !== newest) this.#timer = setTimeout(() => this.#show(newest), CALM)
  }

  /** Without the phone nothing is heard. */
  rest(): void {
    clearTimeout(this.#timer)
    this.#shown = this.#next = NONE
  }

  get microphone(): number {
    return this.#shown.microphone_db
  }

  get ear(): number {
    return this.#shown.ear_db
  }

  leg(id: string): number {
    return this.#shown.legs.find((of) => of.leg === id)?.db ?? SILENCE
  }
}

export const meters = new Meters()

/** How much of a meter is filled, 0 to 1: from a whisper at -60 dB to full scale. */
export function filled(db: number): number {
  return Math.min(1, Math.max(0, (db + 60) / 60))
}

export function speaks(db: number): boolean {
  return db > SPEAKS
}
