// How this browser shows the page: language, theme, shortcuts. What the phone does with calls is none of it.
export type Lang = 'en' | 'de'
export type Theme = 'system' | 'light' | 'dark'

interface Kept {
  lang: Lang
  theme: Theme
  notify: boolean
  shortcuts: Record<string, string>
}

const PLACE = 'trialog.settings'

function kept(): Partial<Kept> {
  try {
    return JSON.parse(localStorage.getItem(PLACE) ?? '{}') as Partial<Kept>
  } catch {
    return {}
  }
}

class Settings {
  lang = $state<Lang>('en')
  theme = $state<Theme>('system')
  notify = $state(false)
  shortcuts = $state<Record<string, string>>({})

  constructor() {
    const { lang, theme, notify, shortcuts } = kept()
    this.lang = lang ?? (navigator.language.startsWith('de') ? 'de' : 'en')
    this.theme = theme ?? 'system'
    this.notify = notify ?? false
    this.shortcuts = shortcuts ?? {}
  }

  keep(): void {
    const { lang, theme, notify, shortcuts } = this
    localStorage.setItem(PLACE, JSON.stringify({ lang, theme, notify, shortcuts }))
  }
}

export const settings = new Settings()
