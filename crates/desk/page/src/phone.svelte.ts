// The phone as this tab knows it: the last status that it sent, and what it told since. All state is the phone's; a tab that is closed
// takes nothing with it.
import { ask, pair, type components, type ActName, type Call, type Event, type Notice, type Problem, type Status } from './api'
import { directory } from './directory.svelte'
import { meters } from './levels.svelte'
import { inLanguage } from './words.svelte'

/** How this tab stands to the phone. */
export type Link = 'starting' | 'up' | 'lost' | 'unpaired'

/** Something that the agent is told. `grave` stays until it was read. */
export interface Told {
  id: number
  grave: boolean
  at: number
  text: string
  text_de: string
  hint?: string
  hint_de?: string
}

/** An act that was asked for and shows no effect yet. */
interface Running {
  call: number
  act: ActName
  before: string
}

/** Notices about what stands in the call itself, with its buttons. */
const SHOWN: ReadonlySet<string> = new Set<Notice['kind']>(['transfer-requested', 'redirected'])

/** An act shows that it runs for so long at most. */
const RUNS = 8_000

/** Waits before the next try to reach the phone, in milliseconds; the last one again and again. */
const TRIES = [100, 250, 500, 1_000, 2_000]

const UNREAD = 'trialog.unread'

function unread(): Told[] {
  try {
    return JSON.parse(sessionStorage.getItem(UNREAD) ?? '[]') as Told[]
  } catch {
    return []
  }
}

class Phone {
  link = $state<Link>('starting')
  status = $state.raw<Status | null>(null)
  told = $state.raw<Told[]>(unread())
  running = $state.raw<Running | null>(null)
  /** The phone asks whether to end this conference for all, because of the headset's hook. */
  asksEnd = $state<number | null>(null)
  /** This browser may look, and do nothing: it is a supervisor's. */
  looks = $state(false)
  /** What a link asks to call: it stands in the dial field, and the agent calls, or does not. */
  toCall = $state('')
  /** Called with each event. */
  listeners = new Set<(event: Event) => void>()

  #socket: WebSocket | null = null
  /** Microphone and ear that were there last. */
  #had: Status['audio'] | null = null
  #tries = 0
  #turn = 0
  #timer = 0
  #next = Math.max(0, ...this.told.map((told) => told.id)) + 1

  /** Pairs this browser where the page was opened with a code, and follows the phone from then on. */
  async start(): Promise<void> {
    const given = new URLSearchParams(location.hash.slice(1))
    const code = /^[0-9a-f]+$/.exec(given.get('pair') ?? '')?.[0]
    this.toCall = given.get('call') ?? ''
    if (code) {
      // The code is good once; it need not stay in the address or the history.
      history.replaceState(null, '', '/')
      await pair(code).catch(() => null)
    }
    document.addEventListener('visibilitychange', () => this.#hurry())
    addEventListener('online', () => this.#hurry())
    void this.#open()
  }

  /** A hidden tab's timers are slow: one that is looked at tries at once. */
  #hurry(): void {
    if (document.visibilityState === 'visible' && this.link === 'lost') {
      this.#tries = 0
      void this.#open()
    }
  }

  async #open(): Promise<void> {
    clearTimeout(this.#timer)
    this.#socket?.close()
    this.#socket = null
    const turn = (this.#turn += 1)
    const answer = await ask('POST', '/api/page/ticket', {}).catch(() => null)
    if (turn !== this.#turn) return
    if (!answer?.ok) return this.#lost(answer?.status === 401 ? 'unpaired' : 'lost')
    const { ticket, role } = (await answer.json()) as components['schemas']['Ticket']
    this.looks = role === 'supervisor'
    const socket = new WebSocket(`ws://${location.host}/api/events?page=true&status=true&levels=true&ticket=${ticket}`)
    this.#socket = socket
    socket.onopen = () => (this.#tries = 0)
    socket.onmessage = (message) => {
      if (this.#socket === socket) this.#take(JSON.parse(message.data as string) as Event)
    }
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost('lost')
    }
  }

  #lost(link: Link): void {
    this.#socket = null
    this.link = link
    this.running = null
    meters.rest()
    const wait = TRIES[Math.min(this.#tries, TRIES.length - 1)]
    this.#tries += 1
    this.#timer = setTimeout(() => void this.#open(), wait)
  }

  #take(event: Event): void {
    switch (event.event) {
      case 'status':
        if (this.link !== 'up') void directory.take()
        this.#had ??= event.status.audio
        this.status = event.status
        this.link = 'up'
        this.#settle(event.status)
        break
      case 'audio':
        this.#devices(event.audio)
        break
      case 'levels':
        meters.take(event.levels)
        return
      case 'notice':
        if (event.notice.kind === 'ask-end-for-all') this.asksEnd = event.notice.call ?? null
        // What is grave the phone keeps, and shows in its status.
        else if (!event.notice.grave && !SHOWN.has(event.notice.kind)) this.tell(event.notice, false)
        break
    }
    for (const listener of this.listeners) listener(event)
  }

  /** Another microphone or ear than before is told: the system may have chosen it. That one is gone, the phone tells. */
  #devices(now: Status['audio']): void {
    const before = this.#had
    if (now.ear) this.#had = now
    const other = (name: 'microphone' | 'ear') => before?.[name] && now[name] && before[name] !== now[name]
    for (const [name, word] of [['microphone', 'microphoneIs'], ['ear', 'earIs']] as const) {
      if (other(name)) this.tell({ text: inLanguage('en', word, now[name] ?? ''), text_de: inLanguage('de', word, now[name] ?? '') }, false)
    }
  }

  /** What ran is done when its call looks other than before. */
  #settle(status: Status): void {
    const { running } = this
    if (running && this.#look(running.call, status) !== running.before) this.running = null
    if (this.asksEnd !== null) {
      const call = status.calls.find((call) => call.id === this.asksEnd)
      if (!call?.acts.some((act) => act.act === 'stay')) this.asksEnd = null
    }
  }

  #look(id: number, status: Status): string {
    const call = status.calls.find((call) => call.id === id)
    // How a leg sounds is no step of the call.
    const steps = (name: string, value: unknown) => (name === 'quality' ? undefined : value)
    return call ? JSON.stringify([call.stage, call.role, call.muted, call.legs], steps) : ''
  }

  /** Asks for an act on a call. What comes of it the phone tells; why it was refused, a message says. */
  async act(call: Call, act: ActName, body: unknown = {}): Promise<boolean> {
    const status = this.status
    if (!status) return false
    const running = { call: call.id, act, before: this.#look(call.id, status) }
    this.running = running
    setTimeout(() => this.running === running && (this.running = null), RUNS)
    const done = await this.post(`/api/calls/${call.id}/${act}`, body)
    if (!done && this.running === running) this.running = null
    // A digit changes nothing that is shown.
    if (act === 'dtmf' && this.running === running) this.running = null
    return done
  }

  /** Whether this act of this call runs now. */
  runs(call: Call, act: ActName): boolean {
    return this.running?.call === call.id && this.running.act === act
  }

  /** A request; what goes wrong is told. */
  post(path: string, body: unknown = {}): Promise<boolean> {
    return this.#asks('POST', path, body)
  }

  put(path: string, body: unknown): Promise<boolean> {
    return this.#asks('PUT', path, body)
  }

  async #asks(method: 'POST' | 'PUT', path: string, body: unknown): Promise<boolean> {
    // The buttons say why.
    if (this.looks) return false
    const answer = await ask(method, path, body).catch(() => null)
    if (!answer) {
      this.link = 'lost'
      return false
    }
    if (answer.ok) return true
    const problem = (await answer.json().catch(() => null)) as Problem | null
    if (problem) {
      const { reason, reason_de, hint, hint_de } = problem
      this.tell({ text: reason, text_de: reason_de, hint, hint_de }, true)
    }
    return false
  }

  tell(what: Omit<Told, 'id' | 'grave' | 'at'>, grave: boolean): void {
    const { text, text_de, hint, hint_de } = what
    const told: Told = { id: this.#next++, grave, at: Date.now(), text, text_de }
    if (hint !== undefined) told.hint = hint
    if (hint_de !== undefined) told.hint_de = hint_de
    // The same said again takes the older one's place.
    this.told = [...this.told.filter((other) => other.text !== text), told].slice(-6)
    this.#keep()
    if (!grave) setTimeout(() => this.read(told.id), 7_000)
  }

  /** What this tab asked for and was refused is its own: a reload is no reason to take it for read. */
  #keep(): void {
    sessionStorage.setItem(UNREAD, JSON.stringify(this.told.filter((told) => told.grave)))
  }

  /** What the phone keeps until it was read. */
  async readKept(id: number): Promise<void> {
    await this.post('/api/notices/read', { id })
  }

  read(id: number): void {
    this.told = this.told.filter((told) => told.id !== id)
    this.#keep()
  }
}

export const phone = new Phone()
