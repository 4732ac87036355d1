// Stories of what is kept while no page is open: the agent's state, what went wrong, what the disk refuses.
import { Stage, accessible, act, claim, inStage, run, until } from './stage.mjs'
import { words } from './words.mjs'

const IDLE = `[idle]
reasons = [
  { code = "lunch", en = "Lunch", de = "Mittagspause" },
  { code = "team", en = "Team meeting", de = "Teamrunde" },
]
[agent]
rona = true`

export async function an_agent_is_idle_for_a_reason_that_outlives_page_and_phone(lang) {
  const stage = await Stage.open('idle', lang)
  const t = words[lang]
  const customer = await stage.customer()
  const anna = await stage.agent('anna', 'Anna Weiss', IDLE)
  const page = await stage.page(anna)
  await page.locator('.state-button').click()
  // The list is found through by letters.
  await page.keyboard.type(lang === 'de' ? 'mi' : 'lu')
  await accessible(page, 'the list of states')
  await stage.shot(page, '1-list')
  await page.keyboard.press('Enter')
  await page.locator('.state-button', { hasText: t.lunch }).waitFor()
  const { presence, idle_reason } = await anna.status()
  claim('the phone knows why', presence === 'idle' && idle_reason === 'lunch')
  await page.locator('.nothing', { hasText: t.turnedAway }).waitFor()
  await accessible(page, 'idle')
  await stage.shot(page, '2-idle')
  // Another reason begins a time of its own.
  const since = (await anna.status()).presence_since_ms
  await anna.post('/api/presence', { presence: 'idle', reason: 'team' })
  claim('the time begins anew', (await anna.status()).presence_since_ms > since)
  claim('an unknown one is refused', (await anna.ask('POST', '/api/presence', { presence: 'idle', reason: 'golf' })).status === 409)
  await anna.post('/api/presence', { presence: 'idle', reason: 'lunch' })
  await anna.post('/api/shutdown')
  await anna.ended
  await anna.start()
  claim('the phone knows it after a start', (await anna.status()).idle_reason === 'lunch')
  await page.locator('.lost').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: t.again }).click()
  await until('Anna is available', async () => (await anna.status()).presence === 'available')
  claim('and for no reason', (await anna.status()).idle_reason === undefined)
  // A call that rings in vain: not answered, until said otherwise.
  await customer.call(anna)
  await inStage(page, 'offered')
  await customer.act('cancel')
  await page.locator('.state-button', { hasText: t.notAnswered }).waitFor()
  await page.locator('.banner').waitFor()
  await accessible(page, 'not answered')
  await stage.shot(page, '3-not-answered')
  await page.getByRole('button', { name: t.again }).click()
  await page.locator('.state-button', { hasText: t.available }).waitFor()
  await stage.close()
}

export async function what_went_wrong_waits_for_a_browser_that_was_closed(lang) {
  const stage = await Stage.open('unread', lang)
  const t = words[lang]
  const customer = await stage.customer()
  const anna = await stage.agent('anna', 'Anna Weiss')
  const bob = await stage.agent('bob', 'Bob Stein')
  // No page is open at all.
  await customer.call(anna)
  await anna.waitFor('offered')
  await anna.act('answer')
  await anna.waitFor('connected')
  await anna.act('consult', { to: bob.uri })
  await bob.waitFor('offered')
  await bob.act('reject')
  await until('it is told', async () => (await anna.status()).unread.length === 1)
  const pages = [await stage.page(anna), await stage.page(anna)]
  for (const page of pages) await page.locator('.banner', { hasText: 'bob@' }).waitFor()
  await accessible(pages[0], 'unread')
  await stage.shot(pages[0], '1-unread')
  // Read in one browser, it is read in the other.
  await pages[0].locator('.banner').getByRole('button', { name: t.read }).click()
  for (const page of pages) await page.locator('.banner').waitFor({ state: 'detached' })
  claim('nothing waits any more', (await anna.status()).unread.length === 0)
  await stage.close()
}

export async function a_full_disk_is_told_in_words_and_the_wrap_up_stays_due(lang) {
  const stage = await Stage.open('disk', lang)
  const t = words[lang]
  const customer = await stage.customer()
  const anna = await stage.agent('anna', 'Anna Weiss')
  const page = await stage.page(anna)
  await customer.call(anna)
  await act(page, 'answer').click()
  await inStage(page, 'connected')
  await act(page, 'end').click()
  await page.getByRole('radio', { name: t.order }).check()
  await until('the draft is in the phone', async () => (await anna.status()).wrap_ups[0]?.reason === 'order')
  // No file of the phone may grow: as on a full disk, each write fails.
  const limit = async (bytes) => {
    const { error, said } = await run('prlimit', ['--pid', String(anna.process.pid), `--fsize=${bytes}`])
    claim(`prlimit: ${said}`, !error)
  }
  await limit('4096:')
  await page.getByRole('button', { name: t.submit }).click()
  await page.locator('.banner').first().waitFor()
  const { reason, hint } = await page.evaluate(() => {
    const [strong, rest] = [document.querySelector('.banner strong'), document.querySelector('.banner p')]
    return { reason: strong.textContent, hint: rest.textContent }
  })
  claim(`in words: ${hint}`, reason.length > 10 && hint.length > reason.length + 10)
  claim('the wrap-up stays due', (await anna.status()).wrap_ups[0]?.due)
  await page.locator('.strip [role=alert]').waitFor()
  await accessible(page, 'a full disk')
  await stage.shot(page, '1-full')
  await limit('unlimited:')
  await page.getByRole('button', { name: t.submit }).click()
  await until('it is handed in', async () => (await anna.status()).wrap_ups.length === 0)
  await page.locator('.strip [role=alert]').waitFor({ state: 'detached' })
  await stage.close()
}
