// Stories of a browser as a person has it: tabs in one window, of which only the one in front is seen, and pages that others open in it.
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Stage, accessible, act, chromium, claim, inStage, onPath, started, until } from './stage.mjs'
import { Pbx } from './pbx.mjs'
import { words } from './words.mjs'

/**
 * A browser as a person starts it: by itself, and only then is it taken hold of. One that Playwright starts tells each of its pages that it has the focus
 * (Emulation.setFocusEmulationEnabled), and such a page is never hidden, whatever is in front of it.
 */
async function windowed(stage) {
  const own = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${join(stage.folder, 'browser')}`]
  const more = [`--accept-lang=${stage.lang === 'de' ? 'de-DE' : 'en-GB'}`, '--window-size=1280,900', '--remote-debugging-port=0', 'about:blank']
  const browser = spawn(onPath('chromium'), [...own, ...more], { stdio: ['ignore', 'ignore', 'pipe'] })
  started.add(browser)
  stage.servers.push(browser)
  browser.once('exit', () => started.delete(browser))
  let said = ''
  browser.stderr.on('data', (text) => (said += text))
  const [, url] = await until('the browser listens', () => /listening on (ws:\S+)/.exec(said))
  const context = (await chromium.connectOverCDP(url, { noDefaults: true })).contexts()[0]
  context.setDefaultTimeout(10_000)
  return context
}

/** What is notified of is noted, and goes its way. */
const noting = (context) =>
  context.addInitScript(() => {
    window.noted = []
    window.Notification = class extends window.Notification {
      constructor(title, options) {
        super(title, options)
        window.noted.push({ title, body: options.body })
      }
    }
  })

const noted = (page) =>
  until('it notifies', async () => {
    const noted = await page.evaluate(() => window.noted)
    return noted.length > 0 && noted
  })

/** The page of a phone in a tab that is behind another one, and may notify. */
async function behind(stage, phone) {
  const context = await windowed(stage)
  await context.grantPermissions(['notifications'], { origin: phone.address.url })
  await noting(context)
  const page = await stage.page(phone, context)
  await page.getByRole('button', { name: words[stage.lang].settings }).click()
  await page.getByRole('checkbox').check()
  claim('a tab in front is seen', !(await page.evaluate(() => document.hidden)))
  const front = await context.newPage()
  await until('the tab behind is hidden', () => page.evaluate(() => document.visibilityState === 'hidden'))
  return { page, front }
}

export async function a_tab_that_is_hidden_notifies_of_a_call(lang) {
  const stage = await Stage.open('notify', lang)
  const customer = await stage.customer()
  const anna = await stage.agent('anna', 'Anna Weiss')
  const { page } = await behind(stage, anna)
  await customer.call(anna)
  const [told] = await noted(page)
  claim(`it names the caller: ${JSON.stringify(told)}`, told.title.includes('Carla Berger'))
  claim('the title says it, too', (await page.title()).includes('Carla Berger'))
  // A tab that is looked at shows the call itself.
  await customer.act('cancel')
  await anna.waitFor('')
  await page.bringToFront()
  await until('the tab in front is seen', () => page.evaluate(() => !document.hidden))
  await customer.call(anna)
  await inStage(page, 'offered')
  claim('it is not told twice', (await page.evaluate(() => window.noted.length)) === 1)
  await act(page, 'answer').click()
  await inStage(page, 'connected')
  await stage.close()
}

export async function a_tab_that_is_hidden_notifies_of_a_call_that_the_agent_is_asked_to_place(lang) {
  const stage = await Stage.open('notify-asked', lang)
  const t = words[lang]
  const pbx = await Pbx.open()
  const anna = await stage.phone('anna', 'Anna Weiss', '', { account: `registrar = "sip:${pbx.domain}"` })
  const { page } = await behind(stage, anna)
  await until('it is registered', () => pbx.registered)
  pbx.refer(`sip:5551@${pbx.domain}`)
  const [told] = await noted(page)
  claim(`it names what is asked for: ${JSON.stringify(told)}`, told.title.includes('Dialler') && told.body.includes(t.asked))
  await page.bringToFront()
  await inStage(page, 'asked')
  await accessible(page, 'asked to call')
  await stage.shot(page, '1-asked')
  pbx.close()
  await stage.close()
}

/**
 * Screen pop: the desktop's own xdg-open gives the CRM's page of the caller to the browser that the desktop has for pages. Without a screen Chromium gives
 * nothing to the one that runs already, so it is a second one.
 */
export async function the_crms_page_of_a_caller_opens_in_the_browser_when_a_call_is_answered(lang) {
  const stage = await Stage.open('pop', lang)
  const asked = []
  const crm = createServer((request, answer) => {
    if (request.url.startsWith('/caller')) asked.push(request.headers['user-agent'])
    answer.setHeader('Content-Type', 'text/html').end('<!doctype html><title>CRM</title><h1>4711</h1>')
  })
  await new Promise((done) => crm.listen(0, '127.0.0.1', done))
  const customer = await stage.customer('customer', 'Carla & Söhne #1')
  const origin = `http://127.0.0.1:${crm.address().port}`
  const action = `[[action]]\non = ["call-connected"]\nopen = "${origin}/caller?name={name}&call={call}"`
  const anna = await stage.phone('anna', 'Anna Weiss', action, { env: desktop(stage) })
  const page = await stage.page(anna)
  await customer.call(anna)
  await inStage(page, 'offered')
  claim('nothing opens before the agent answers', asked.length === 0)
  await act(page, 'answer').click()
  const port = await until('a browser was started', () => readIfThere(join(stage.folder, 'crm-browser/DevToolsActivePort')).split('\n')[0])
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true })
  const pop = await until('it shows the page', () => browser.contexts()[0].pages().find((one) => one.url().startsWith(origin)))
  await pop.getByRole('heading', { name: '4711' }).waitFor()
  const values = new URL(pop.url()).searchParams
  claim(`the name is a value and nothing else: ${pop.url()}`, values.get('name') === 'Carla & Söhne #1' && [...values].length === 2)
  // The call goes on, and the phone's page is as it was.
  await inStage(page, 'connected')
  await act(page, 'end').click()
  await anna.waitFor('')
  claim(`a browser has asked, once: ${asked}`, asked.length === 1 && asked[0].includes('Chrome/'))
  await browser.close()
  crm.close()
  crm.closeAllConnections()
  await stage.close()
}

const readIfThere = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

/** A desktop whose browser for pages is a Chromium of its own: what is in the environment of a program that is started there. */
function desktop(stage) {
  const [data, config] = ['data', 'config'].map((name) => join(stage.folder, name))
  mkdirSync(join(data, 'applications'), { recursive: true })
  mkdirSync(config)
  const profile = join(stage.folder, 'crm-browser')
  const own = `--headless=new --no-sandbox --disable-gpu --no-first-run --remote-debugging-port=0 --user-data-dir=${profile}`
  // It is no child of ours; its lock is a link to its host and process.
  process.on('exit', () => {
    try {
      process.kill(Number(readlinkSync(join(profile, 'SingletonLock')).split('-').at(-1)))
    } catch {
      // It was never started, or has ended.
    }
  })
  const entry = ['[Desktop Entry]', 'Type=Application', 'Name=Browser', `Exec=${onPath('chromium')} ${own} %u`, 'MimeType=x-scheme-handler/http;', '']
  writeFileSync(join(data, 'applications/browser.desktop'), entry.join('\n'))
  writeFileSync(join(config, 'mimeapps.list'), '[Default Applications]\nx-scheme-handler/http=browser.desktop\n')
  // With a display, xdg-open asks the desktop for its program; which desktop it is, is said by none of these variables.
  return { DISPLAY: ':0', XDG_DATA_HOME: data, XDG_CONFIG_HOME: config, XDG_CURRENT_DESKTOP: '', DESKTOP_SESSION: '', KDE_FULL_SESSION: '' }
}
