// The words of the page in the language that was chosen. What the phone says comes in both languages, and is chosen here, too.
import de from './words/de.json'
import en from './words/en.json'
import { settings } from './settings.svelte'

/** What `trialog ctl` and `trialog doctor` say stands in the same catalogue, under names of its own. */
export type Word = Exclude<keyof typeof en, 'ctl' | 'doctor' | 'verbs'>

// A word that one language has not is a fault at build.
const WORDS: Record<'en' | 'de', Record<Word, string>> = { en, de }

/** The word in the chosen language, with `{name}` filled in. */
export function t(word: Word, values: Record<string, string | number> = {}): string {
  return WORDS[settings.lang][word].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}

/** The word in a language of its own, about something that has a name. */
export function inLanguage(lang: 'en' | 'de', word: Word, name: string): string {
  return WORDS[lang][word].replace('{name}', name)
}

/** What the phone says under this name, in the chosen language: `label` and `label_de`. */
export function said<Name extends string>(
  of: { [name in Name | `${Name}_de`]?: string | null },
  name: Name,
): string {
  const english: string | null | undefined = of[name]
  const german: string | null | undefined = settings.lang === 'de' ? of[`${name}_de`] : undefined
  return german ?? english ?? ''
}

/** Where long words of labels may be broken; what a screen reader says is another thing. */
const BREAKS = ['Stumm|schal', 'Rück|spra', 'Weiter|leit', 'Nach|bearb', 'fort|setz']

/** A label for a narrow button. */
export function breakable(label: string): string {
  return BREAKS.reduce((text, at) => text.replace(at.replace('|', ''), at.replace('|', '\u00ad')), label)
}

/** A number with so many digits behind the point. */
export function number(value: number, digits: number): string {
  const format: Intl.NumberFormatOptions = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return new Intl.NumberFormat(settings.lang, format).format(value)
}

/** A time of day. */
export function timeOfDay(ms: number): string {
  return new Intl.DateTimeFormat(settings.lang, { hour: '2-digit', minute: '2-digit' }).format(ms)
}

/** A time of today, or of another day with its date. */
export function dayAndTime(ms: number): string {
  const today = new Date(ms).toDateString() === new Date().toDateString()
  if (today) return timeOfDay(ms)
  const format: Intl.DateTimeFormatOptions = { day: '2-digit', month: '2-digit', hour: '2-digit', minute: '2-digit' }
  return new Intl.DateTimeFormat(settings.lang, format).format(ms)
}

/** A span as minutes and seconds, with hours where there are some. */
export function span(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1000))
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`
}
