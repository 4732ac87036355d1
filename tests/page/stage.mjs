// Real phones, a real browser, and the words to tell a story with them. Everything that is started is ended by its process.
import { execFile, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
export const PAGE = join(here, '../../crates/desk/page')
const require = createRequire(join(PAGE, 'package.json'))
export const { chromium } = require('playwright-core')
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

const TRIALOG = process.env.TRIALOG_BIN
/** What this suite leaves behind: logs, and pictures of each state. */
export const FOLDER = process.env.TRIALOG_PAGE_OUT

const REASONS = `reasons = [
  { code = "order", en = "New order", de = "Neue Bestellung" },
  { code = "invoice", en = "Question on an invoice", de = "Frage zur Rechnung" },
  { code = "complaint", en = "Complaint", de = "Reklamation" },
  { code = "other", en = "Something else", de = "Sonstiges" },
]`

/** Waits until this gives something true, and gives that. */
export async function until(what, ask, patience = 15_000) {
  const end = Date.now() + patience
  for (;;) {
    const got = await ask()
    if (got) return got
    if (Date.now() > end) throw new Error(`${what}: not within ${patience} ms`)
    await pause(30)
  }
}

export function onPath(program) {
  const found = process.env.PATH.split(delimiter).map((folder) => join(folder, program)).find((path) => existsSync(path))
  if (!found) throw new Error(`${program} is not there: run \`cargo xtask setup\``)
  return found
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms))

export function claim(what, holds) {
  if (!holds) throw new Error(what)
}

/** A port that is free for UDP and TCP now, below those that the system hands out by itself. */
export async function freePort() {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000)
    const [udp, tcp] = [createSocket('udp4'), createServer()]
    const bound = (socket, bind) =>
      new Promise((done) => {
        socket.once('error', () => done(false))
        bind(() => done(true))
      })
    const free =
      (await bound(udp, (then) => udp.bind(port, '127.0.0.1', then))) &&
      (await bound(tcp, (then) => tcp.listen(port, '127.0.0.1', then)))
    udp.close()
    if (tcp.listening) await new Promise((done) => tcp.close(done))
    if (free) return port
  }
}

/** What the pages find numbers in. */
export function directory(stage, entries) {
  const rows = entries.map(([name, number]) => `"${name}";${number}`)
  writeFileSync(join(stage.folder, 'directory.csv'), ['name;number', ...rows].join('\r\n'))
  return '[directory]\nfile = "directory.csv"'
}

/** A second of a quiet tone for a phone to say: silence would be told of. `hertz`: whole, so that it goes on without a break. */
function voice(path, hertz) {
  const rate = 16_000
  const samples = new Int16Array(rate)
  for (let at = 0; at < rate; at += 1) samples[at] = 1500 * Math.sin((2 * Math.PI * hertz * at) / rate)
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.byteLength, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate * 2, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.byteLength, 40)
  writeFileSync(path, Buffer.concat([head, Buffer.from(samples.buffer)]))
}

export const started = new Set()
process.on('exit', () => started.forEach((child) => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

/** One phone as a process, told what to do by its API as its own scripts do. */
export class Phone {
  constructor(stage, name, display, settings) {
    Object.assign(this, { stage, name, display, settings })
  }

  async start() {
    const { stage, name } = this
    this.port ??= await freePort()
    voice(join(stage.folder, `${name}-voice.wav`), this.hertz)
    this.audio ??= `end = "file"\nplay = "${name}-voice.wav"\nrepeat = true\nrecord = "${name}-ear.wav"`
    const config = join(stage.folder, `${name}.toml`)
    writeFileSync(
      config,
      `name = "${name}"
[sip]
listen = "127.0.0.1:${this.port}"
trusted = ["127.0.0.1"]
[records]
file = "${name}.db"
[audio]
${this.audio}
${this.settings}
[[account]]
aor = "sip:${this.user ?? name}@127.0.0.1:${this.port}"
display = "${this.display}"
${this.account ?? ''}
`,
    )
    const log = openSync(join(stage.folder, `${name}.log`), 'a')
    // A write beyond a limit of the system's is an error, as on a full disk, and ends nothing.
    this.process = spawn('sh', ['-c', "trap '' XFSZ; exec \"$0\" \"$@\"", TRIALOG, 'phone', '--headless', '--config', config], {
      env: { ...process.env, ...this.env, XDG_RUNTIME_DIR: stage.runtime, TRIALOG_LOG: 'info' },
      stdio: ['ignore', log, log],
    })
    started.add(this.process)
    this.ended = new Promise((done) => this.process.once('exit', done)).then(() => started.delete(this.process))
    await until(`${name} starts`, async () => {
      claim(`${name} has ended: ${readFileSync(join(stage.folder, `${name}.log`), 'utf8')}`, this.process.exitCode === null)
      try {
        this.address = JSON.parse(readFileSync(join(stage.runtime, 'trialog', name, 'api.json'), 'utf8'))
        return this.address.pid === this.process.pid && (await this.status())
      } catch {
        return false
      }
    })
    return this
  }

  get uri() {
    return `sip:${this.user ?? this.name}@127.0.0.1:${this.port}`
  }

  async ask(method, path, body) {
    return fetch(`${this.address.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.address.token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  async status() {
    const answer = await this.ask('GET', '/api/status')
    return answer.ok ? answer.json() : null
  }

  async post(path, body = {}) {
    const answer = await this.ask('POST', path, body)
    claim(`${this.name}: POST ${path}: ${answer.status} ${answer.ok ? '' : await answer.text()}`, answer.ok)
    return answer.json()
  }

  /** The stage of its last call; none is no stage. */
  async stage_() {
    return (await this.status()).calls.at(-1)?.stage ?? ''
  }

  waitFor(stage) {
    return until(`${this.name} comes to “${stage}”`, async () => (await this.stage_()) === stage)
  }

  async act(act, body) {
    const call = (await this.status()).calls.at(-1)
    return this.post(`/api/calls/${call.id}/${act}`, body)
  }

  call(other) {
    return this.post('/api/calls', { to: other.uri })
  }

  /** The address that pairs a browser. */
  async invitation(role = 'agent') {
    const { code } = await this.post('/api/page/code', { role })
    return `${this.address.url}/#pair=${code}`
  }

  kill(signal = 'SIGKILL') {
    this.process.kill(signal)
    return this.ended
  }
}

/** The longest time in milliseconds that a phone's voice is missing in what another one has recorded, between two times of the clock. */
export async function gap(ear, voice, from, to) {
  const { started_unix_us } = ear.recorded
  const file = readFileSync(join(ear.stage.folder, `${ear.name}-ear.wav`))
  const data = file.indexOf('data') + 8
  const samples = new Int16Array(file.buffer.slice(file.byteOffset + data, file.byteOffset + file.length - ((file.length - data) % 2)))
  const at = (ms) => Math.round((ms - started_unix_us / 1000) * 48)
  const window = 960
  const [sine, cosine] = [Math.sin, Math.cos].map((wave) =>
    Float64Array.from({ length: window }, (_, n) => wave((2 * Math.PI * voice.hertz * n) / 48_000) * (0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / window))),
  )
  let [longest, now] = [0, 0]
  for (let start = at(from); start + window < Math.min(at(to), samples.length); start += 48) {
    let [re, im] = [0, 0]
    for (let n = 0; n < window; n += 1) {
      re += samples[start + n] * cosine[n]
      im += samples[start + n] * sine[n]
    }
    // A quarter of what is said is no voice any more.
    now = (4 * Math.hypot(re, im)) / window < 1500 / 4 ? now + 1 : 0
    longest = Math.max(longest, now)
  }
  return { longest, heard: (Math.min(at(to), samples.length) - at(from)) / 48 }
}

/** Phones, a browser and what they leave behind. */
export class Stage {
  static async open(story, lang = 'en') {
    const stage = new Stage()
    stage.folder = join(FOLDER, `${story}-${lang}`)
    rmSync(stage.folder, { recursive: true, force: true })
    stage.runtime = join(stage.folder, 'run')
    mkdirSync(stage.runtime, { recursive: true })
    stage.lang = lang
    stage.phones = []
    stage.servers = []
    stage.errors = []
    stage.browser = await chromium.launch({
      executablePath: onPath('chromium'),
      args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'],
    })
    return stage
  }

  async phone(name, display, settings = '', more = {}) {
    const phone = Object.assign(new Phone(this, name, display, settings), more)
    // So that what an ear has heard tells of whom.
    phone.hertz = 300 + 190 * this.phones.length
    this.phones.push(phone)
    return phone.start()
  }

  customer(name = 'customer', display = 'Carla Berger') {
    return this.phone(name, display, '[agent]\nagent = false')
  }

  agent(name, display, more = '') {
    return this.phone(name, display, `[wrap_up]\n${REASONS}\n${more}`)
  }

  /** A sound server of its own, with a loudspeaker and a microphone by these names; and an agent's phone that has it as its card. */
  async card(names) {
    const socket = join(this.runtime, 'native')
    const sink = ([name, shown]) => `load-module module-null-sink norewinds=1 sink_name=${name} rate=48000 channels=1 sink_properties=device.description=${shown}`
    const script = join(this.folder, 'card.pa')
    const lines = [`load-module module-native-protocol-unix auth-anonymous=1 socket=${socket}`, ...Object.entries(names).map(sink)]
    writeFileSync(script, [...lines, 'set-default-sink spk', 'set-default-source mic.monitor', ''].join('\n'))
    const quiet = ['--daemonize=no', '--exit-idle-time=-1', '--disallow-exit=yes', '--use-pid-file=no', '--realtime=no', '--high-priority=no']
    this.env = { HOME: this.folder, PULSE_SERVER: `unix:${socket}` }
    rmSync(socket, { force: true })
    const server = spawn('pulseaudio', ['-n', '-F', script, ...quiet], { env: { ...process.env, ...this.env, XDG_RUNTIME_DIR: this.runtime }, stdio: 'ignore' })
    started.add(server)
    this.servers.push(server)
    server.once('exit', () => started.delete(server))
    await until('the sound server listens', () => existsSync(socket))
    await pause(300)
    return server
  }

  /** A browser of its own, as an agent's: in the story's language. */
  async context(options = {}) {
    const context = await this.browser.newContext({
      locale: this.lang === 'de' ? 'de-DE' : 'en-GB',
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      ...options,
    })
    context.setDefaultTimeout(10_000)
    return context
  }

  /** The phone's page in a browser that is paired by a code. */
  async page(phone, context = null, role = 'agent') {
    const page = await (context ?? (await this.context())).newPage()
    this.watch(page, phone.name)
    await page.goto(await phone.invitation(role))
    await page.getByRole('heading', { level: 1, name: phone.name }).waitFor()
    return page
  }

  /** Whatever the page throws, or the browser refuses it, is a fault. */
  watch(page, name) {
    page.on('pageerror', (error) => this.errors.push(`${name}: ${error.stack ?? error}`))
    page.on('console', (message) => {
      const text = message.text()
      // A phone that is away is told of by the browser, too.
      const away = /ERR_CONNECTION|WebSocket connection|Failed to load resource/.test(text)
      if (message.type() === 'error' && !away) this.errors.push(`${name}: ${text}`)
    })
  }

  async shot(page, name) {
    await page.screenshot({ path: join(this.folder, `${name}.png`), animations: 'disabled' })
  }

  async close() {
    await this.browser.close()
    await Promise.all(this.phones.map((phone) => phone.kill('SIGKILL')))
    this.servers.forEach((server) => server.kill('SIGKILL'))
    claim(`the pages had faults:\n${this.errors.join('\n')}`, this.errors.length === 0)
  }
}

/** axe-core finds nothing in this state of the page. Run by the debugger, since the page's own policy lets no such script in. */
export async function accessible(page, state) {
  const session = await page.context().newCDPSession(page)
  const run = `${AXE};axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    .then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.map(({ html, any }) => [html.slice(0, 200), any[0]?.message])])))`
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression: run, awaitPromise: true, returnByValue: true })
  await session.detach()
  claim(`${state}: axe did not run: ${exceptionDetails?.exception?.description}`, !exceptionDetails)
  const found = JSON.parse(result.value)
  claim(`${state}: axe finds\n${JSON.stringify(found, null, 1)}`, found.length === 0)
}

/** The button of an act: in the card in the centre, where it is. */
export const act = (page, name) => page.locator(`[data-act="${name}"] button`).first()

/** The call in the centre is in this state. */
export async function inStage(page, stage) {
  await page.locator(`.centre [data-stage="${stage}"]`).waitFor()
}

/** An act is greyed, can be reached, and says why. */
export async function refused(page, name) {
  const button = act(page, name)
  claim(`${name} is greyed`, (await button.getAttribute('aria-disabled')) === 'true')
  const id = await button.getAttribute('aria-describedby')
  const why = await page.locator(`[id="${id}"]`).textContent()
  claim(`${name} says why`, why.length > 5)
  await button.focus()
  await page.locator(`[id="${id}"]`).waitFor({ state: 'visible' })
  return why
}

export const run = (program, args, options) =>
  new Promise((done) => execFile(program, args, { ...options, maxBuffer: 1 << 24 }, (error, out, err) => done({ error, said: out + err })))

/** A conference of a customer, Anna and Bob, made without a page; `calls`: the customer has not called yet. */
export async function conference(customer, anna, bob, calls = true) {
  if (calls) {
    await customer.call(anna)
    await anna.waitFor('offered')
    await anna.act('answer')
    await anna.waitFor('connected')
  }
  await anna.act('consult', { to: bob.uri })
  await bob.waitFor('offered')
  await bob.act('answer')
  await anna.waitFor('consulting')
  await until('the conference begins', async () => {
    const [call] = (await anna.status()).calls
    return call.acts.some((act) => act.act === 'conference' && act.allowed)
  })
  await anna.act('conference')
  await anna.waitFor('conference')
}

/** `trialog ctl` on a phone. */
export const trialog = (phone, args) =>
  run(TRIALOG, ['ctl', '--phone', phone.name, ...args], { env: { ...process.env, XDG_RUNTIME_DIR: phone.stage.runtime } })
