// Stories of what a PBX tells: voice messages and colleagues' phones; and of calls that are encrypted.
import { join } from 'node:path'
import { Pbx } from './pbx.mjs'
import { Stage, accessible, act, claim, freePort, inStage, onPath, run, until } from './stage.mjs'
import { words } from './words.mjs'

/** RFC 4235: the phone of 202 has a dialog in this state, or none. */
function dialogs(pbx, version, state) {
  const party = `<remote><identity>sip:5551@${pbx.domain}</identity><target uri="sip:5551@${pbx.domain}"/></remote>`
  const dialog = state ? `<dialog id="1" call-id="rings" local-tag="l" remote-tag="r" direction="recipient"><state>${state}</state>${party}</dialog>` : ''
  return `<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="${version}" state="full" entity="sip:202@${pbx.domain}">${dialog}</dialog-info>`
}

export async function messages_that_wait_and_colleagues_phones_are_shown(lang) {
  const stage = await Stage.open('watched', lang)
  const t = words[lang]
  const pbx = await Pbx.open()
  const lamp = '[[lamp]]\nuri = "202"\nname = "Bob Stein"'
  const anna = await stage.phone('anna', 'Anna Weiss', lamp, { account: `registrar = "sip:${pbx.domain}"` })
  const page = await stage.page(anna)
  await until('the lamp is asked for', () => pbx.subscriptions.has('dialog'))
  const row = page.locator('.lamps li', { hasText: 'Bob Stein' })
  await row.filter({ hasText: t.lampUnknown }).waitFor()
  claim('nothing waits', (await page.locator('.chip.mail').count()) === 0)
  pbx.notify('message-summary', 'application/simple-message-summary', 'Messages-Waiting: yes\r\nVoice-Message: 2/3 (0/0)\r\n')
  await page.locator('.chip.mail', { hasText: t.twoMessages }).waitFor()
  const xml = 'application/dialog-info+xml'
  pbx.notify('dialog', xml, dialogs(pbx, 0, ''))
  await row.filter({ hasText: t.lampIdle }).waitFor()
  pbx.notify('dialog', xml, dialogs(pbx, 1, 'confirmed'))
  await row.filter({ hasText: t.lampBusy }).waitFor()
  await accessible(page, 'a colleague is on the phone')
  await stage.shot(page, '1-busy')
  pbx.notify('dialog', xml, dialogs(pbx, 2, 'early'))
  await row.filter({ hasText: t.lampRinging }).waitFor()
  await accessible(page, 'a call rings at a colleague')
  await stage.shot(page, '2-ringing')
  await row.getByRole('button', { name: t.lampTake }).click()
  const invite = await until('the call is taken', () => pbx.invites[0])
  claim(`it names the call that rings: ${invite}`, /^Replaces: *rings;.*early-only/m.test(invite))
  pbx.notify('message-summary', 'application/simple-message-summary', 'Messages-Waiting: no\r\nVoice-Message: 0/5 (0/0)\r\n')
  await page.locator('.chip.mail').waitFor({ state: 'detached' })
  pbx.close()
  await stage.close()
}

export async function a_padlock_stands_for_tls_and_srtp_together(lang) {
  const stage = await Stage.open('padlock', lang)
  const t = words[lang]
  // One certificate for both, which each believes by itself.
  const [key, certificate] = ['phone.key', 'phone.crt'].map((name) => join(stage.folder, name))
  const made = await run(onPath('openssl'), ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=phone', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate])
  claim(`a certificate is made: ${made.said}`, !made.error)
  const port = await freePort()
  const tls = (port) => `[tls]\nport = ${port}\ncertificate = "phone.crt"\nkey = "phone.key"\nca = "phone.crt"\n[media]\nsrtp = "offer"`
  const anna = await stage.agent('anna', 'Anna Weiss', `[agent]\nwrap_up_is_away = false\n${tls(port)}`)
  const customer = await stage.phone('customer', 'Carla Berger', `[agent]\nagent = false\n${tls(0)}`)
  const page = await stage.page(anna)
  const lock = page.locator('.call .chip.secured', { hasText: t.encrypted })
  await customer.post('/api/calls', { to: `sip:anna@127.0.0.1:${port};transport=tls` })
  await act(page, 'answer').click()
  await inStage(page, 'connected')
  await lock.waitFor()
  await accessible(page, 'an encrypted call')
  await stage.shot(page, '1-encrypted')
  await act(page, 'end').click()
  await page.locator('.nothing').waitFor()
  // The same two by TCP in the clear.
  await customer.post('/api/calls', { to: `${anna.uri};transport=tcp` })
  await act(page, 'answer').click()
  await inStage(page, 'connected')
  claim('without TLS there is no padlock', (await lock.count()) === 0)
  await stage.close()
}
