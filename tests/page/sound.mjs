// Stories of what is heard: quality, levels, the roster, and that no page is needed for it.
import { Stage, accessible, act, claim, conference, gap, inStage, pause, trialog, until } from './stage.mjs'
import { words } from './words.mjs'

export async function quality_and_levels_tell_who_is_heard_and_how_well(lang) {
  const stage = await Stage.open('sound', lang)
  const t = words[lang]
  const customer = await stage.customer()
  const anna = await stage.agent('anna', 'Anna Weiss', '[media]\nsilent_after = 2')
  const bob = await stage.agent('bob', 'Bob Stein')
  const page = await stage.page(anna)
  await customer.call(anna)
  await act(page, 'answer').click()
  await inStage(page, 'connected')
  claim('nothing is said before it was measured', (await page.locator('.call .quality').count()) === 0)
  const level = (state) => page.locator(`.call .heard .level[aria-valuetext="${state}"]`)
  await level(t.heard).waitFor()
  await page.locator('.call .quality .word', { hasText: t.good }).waitFor()
  // The second measurement begins the line.
  await page.locator('.call .quality polyline').waitFor({ state: 'attached' })
  const [leg] = (await anna.status()).calls[0].legs
  const { quality } = leg
  claim(`it is measured: ${JSON.stringify(quality)}`, quality.mos_estimate > 4 && quality.lost_percent < 3 && quality.recent.length > 1)
  const { said } = await trialog(anna, ['--lang', lang, 'status'])
  claim(`ctl tells it: ${said}`, said.includes(t.mos) && said.includes(t.good))
  await page.getByRole('button', { name: t.whySilent }).click()
  await page.locator('.measured dd').first().waitFor()
  await accessible(page, 'quality')
  await stage.shot(page, '1-quality')
  await customer.act('mute')
  await level(t.silent).waitFor()
  await customer.act('unmute')
  await level(t.heard).waitFor()
  // Everyone in the conference has a row, a role and a level, on the owner's page and on the guest's.
  await conference(customer, anna, bob, false)
  const guest = await stage.page(bob)
  await inStage(page, 'conference')
  await inStage(guest, 'conference')
  await page.locator(`.roster li:has(.level[aria-valuetext="${t.heard}"])`).nth(2).waitFor()
  await guest.locator(`.roster li:has(.level[aria-valuetext="${t.heard}"])`).nth(1).waitFor()
  claim('the guest knows of all three', (await guest.locator('.roster li').count()) === 3)
  await act(page, 'mute').click()
  await page.locator('.roster li', { hasText: t.muted }).waitFor()
  await act(page, 'unmute').click()
  await page.locator('.roster .quality').nth(1).waitFor()
  await accessible(page, 'roster')
  await stage.shot(page, '2-roster')
  await stage.shot(guest, '3-guest')
  // The customer's phone hangs.
  customer.process.kill('SIGSTOP')
  await page.locator('.roster li', { hasText: t.silentCustomer }).waitFor()
  await accessible(page, 'no audio from the customer')
  await stage.shot(page, '4-silent')
  customer.process.kill('SIGCONT')
  await page.locator('.roster li', { hasText: t.silentCustomer }).waitFor({ state: 'detached' })
  await stage.close()
}

export async function levels_go_to_the_client_that_asks_ten_times_a_second_at_most() {
  const stage = await Stage.open('levels')
  const customer = await stage.customer()
  const anna = await stage.agent('anna', 'Anna Weiss')
  await customer.call(anna)
  await anna.waitFor('offered')
  await anna.act('answer')
  await anna.waitFor('connected')
  const page = await stage.page(anna)
  const listen = async (query) => {
    const { ticket } = await anna.post('/api/page/ticket')
    const socket = `${anna.address.url.replace('http', 'ws')}/api/events?${query}&ticket=${ticket}`
    return page.evaluate(async (url) => {
      const got = []
      const socket = new WebSocket(url)
      socket.onmessage = ({ data }) => got.push(JSON.parse(data))
      await new Promise((done) => setTimeout(done, 3_000))
      socket.close()
      return got
    }, socket)
  }
  const asked = (await listen('levels=true')).filter(({ event }) => event === 'levels')
  claim(`${asked.length} in three seconds`, asked.length > 0 && asked.length <= 30)
  claim('the customer is heard', asked.at(-1).levels.legs[0].db > -40)
  const unasked = (await listen('levels=false')).filter(({ event }) => event === 'levels')
  claim('who does not ask gets none', unasked.length === 0)
  await stage.close()
}

export async function fifty_reloads_in_a_conference_leave_no_gap(lang) {
  const stage = await Stage.open('reloads', lang)
  const customer = await stage.customer()
  const anna = await stage.agent('anna', 'Anna Weiss')
  const bob = await stage.agent('bob', 'Bob Stein')
  const page = await stage.page(anna)
  await conference(customer, anna, bob)
  await inStage(page, 'conference')
  await pause(1_000)
  const from = Date.now()
  for (let time = 0; time < 50; time += 1) {
    await page.reload()
    await inStage(page, 'conference')
  }
  const to = Date.now()
  await anna.act('end')
  const ears = [customer, bob]
  for (const ear of ears) ear.recorded = (await ear.status()).audio
  for (const phone of ears) {
    await phone.post('/api/shutdown')
    await phone.ended
  }
  const own = await gap(customer, customer, from, to)
  claim('nobody hears himself, and what is not there is missed', own.longest > own.heard / 2)
  for (const ear of ears) {
    const { longest, heard } = await gap(ear, anna, from, to)
    console.log(`${ear.name} hears Anna for ${heard} ms; the longest gap is of ${longest} ms`)
    claim(`${ear.name} was recorded`, heard > (to - from) * 0.9)
    claim(`${ear.name} hears Anna with a gap of ${longest} ms`, longest <= 20)
  }
  await stage.close()
}

export async function microphone_and_ear_are_named_missed_and_told_when_they_are_others(lang) {
  const stage = await Stage.open('devices', lang)
  const t = words[lang]
  const server = await stage.card({ spk: 'Headset', mic: 'Handset' })
  const anna = await stage.phone('anna', 'Anna Weiss', '', { audio: 'end = "device"', env: stage.env })
  const page = await stage.page(anna)
  await page.locator('.strip .device', { hasText: 'Headset' }).waitFor()
  await page.getByRole('button', { name: t.whySilent }).click()
  await page.locator('.sound li', { hasText: 'Headset' }).waitFor()
  await accessible(page, 'a sound card')
  await stage.shot(page, '1-card')
  server.kill('SIGKILL')
  await page.locator('.banner').waitFor()
  await page.locator('.strip .warn', { hasText: t.noMicrophone }).waitFor()
  await accessible(page, 'no sound card')
  await stage.shot(page, '2-gone')
  await stage.card({ spk: 'Speakers', mic: 'Handset' })
  await page.locator('.strip .device', { hasText: 'Speakers' }).waitFor()
  await page.locator('.toast', { hasText: 'Speakers' }).waitFor()
  await stage.shot(page, '3-another')
  await stage.close()
}
