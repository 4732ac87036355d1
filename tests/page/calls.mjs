// Stories of a call: what an agent clicks, and what the page, the phones and the law say.
import { Stage, accessible, act, claim, directory, inStage, refused, until } from './stage.mjs'
import { words } from './words.mjs'

const button = (page, name) => page.getByRole('button', { name, exact: true })

/** Customer, Anna with her page, and Bob. */
async function three(story, lang, more = '') {
  const stage = await Stage.open(story, lang)
  const customer = await stage.customer()
  const anna = await stage.agent('anna', 'Anna Weiss', more)
  const bob = await stage.agent('bob', 'Bob Stein')
  const page = await stage.page(anna)
  return { stage, customer, anna, bob, page, t: words[lang] }
}

/** The customer has called, and Anna has clicked. */
async function connected(of) {
  await of.customer.call(of.anna)
  await act(of.page, 'answer').click()
  await inStage(of.page, 'connected')
}

/** Anna consults Bob, who has answered. */
async function consulting(of) {
  await act(of.page, 'consult').click()
  await of.page.locator('.aim input').fill(of.bob.uri)
  await button(of.page, of.t.start).click()
  await of.bob.waitFor('offered')
  await of.bob.act('answer')
  await inStage(of.page, 'consulting')
}

async function conference(of) {
  await consulting(of)
  await act(of.page, 'conference').click()
  await inStage(of.page, 'conference')
}

export async function one_call_from_ringing_to_its_wrap_up(lang) {
  const of = await three('one-call', lang)
  const { stage, customer, anna, page, t } = of
  await accessible(page, 'no call')
  await stage.shot(page, '1-no-call')
  await customer.call(anna)
  await inStage(page, 'offered')
  claim('the title says that it rings', (await page.title()).includes('Carla Berger'))
  await accessible(page, 'offered')
  await stage.shot(page, '2-offered')
  await act(page, 'answer').click()
  await inStage(page, 'connected')
  await button(page, t.mute).click()
  await button(page, t.unmute).waitFor()
  claim('the phone is muted', (await anna.status()).calls[0].muted)
  await button(page, t.unmute).click()
  await button(page, t.mute).waitFor()
  await button(page, t.hold).click()
  await inStage(page, 'held')
  await refused(page, 'mute')
  await accessible(page, 'held')
  await stage.shot(page, '3-held')
  await button(page, t.resume).click()
  await inStage(page, 'connected')
  await button(page, t.keypad).click()
  await page.locator('.key', { hasText: '5' }).click()
  await page.locator('.sent', { hasText: '5' }).waitFor()
  await accessible(page, 'keypad')
  await stage.shot(page, '4-keypad')
  await button(page, t.end).click()
  await page.getByRole('tab', { name: t.wrapUp, selected: true }).waitFor()
  const due = (await anna.status()).wrap_ups
  claim('one wrap-up is due', due.length === 1 && due[0].due)
  await page.getByRole('radio', { name: t.order }).check()
  await until('the draft is in the phone', async () => (await anna.status()).wrap_ups[0]?.reason === 'order')
  await page.getByLabel(t.note).fill('Ruft am Montag zurück')
  await until('the note is in the phone', async () => (await anna.status()).wrap_ups[0]?.note === 'Ruft am Montag zurück')
  // The draft is the phone's: a reload finds it.
  await page.reload()
  await until('the draft is there after a reload', async () => page.getByRole('radio', { name: t.order }).isChecked())
  claim('and the note', (await page.getByLabel(t.note).inputValue()) === 'Ruft am Montag zurück')
  await accessible(page, 'wrap-up')
  await stage.shot(page, '5-wrap-up')
  await page.getByRole('button', { name: t.submit }).click()
  await until('it is handed in', async () => (await anna.status()).wrap_ups.length === 0)
  // What was is found again, also what was missed, and called back.
  await customer.call(anna)
  await inStage(page, 'offered')
  await customer.act('cancel')
  await anna.waitFor('')
  await page.getByRole('tab', { name: t.history }).click()
  await page.locator('.history li', { hasText: t.missed }).waitFor()
  await page.locator('.history li', { hasText: 'Ruft am Montag zurück' }).waitFor()
  await accessible(page, 'history')
  await stage.shot(page, '6-history')
  await page.locator('.history li', { hasText: t.missed }).getByRole('button').click()
  await customer.waitFor('offered')
  await inStage(page, 'dialling')
  await stage.close()
}

export async function r1_to_r6_a_conference_comes_out_of_an_answered_consult_and_has_no_hold(lang) {
  const of = await three('conference', lang)
  const { stage, anna, bob, page, t } = of
  await connected(of)
  await act(page, 'consult').click()
  await page.locator('.aim input').fill(bob.uri)
  await accessible(page, 'asking for a target')
  await stage.shot(page, '1-target')
  await page.keyboard.press('Enter')
  await inStage(page, 'consult-requested')
  // R1: not before the guest has answered.
  await refused(page, 'conference')
  await stage.shot(page, '2-consult-requested')
  await bob.waitFor('offered')
  await bob.act('answer')
  await inStage(page, 'consulting')
  const legs = async () => (await anna.status()).calls[0].legs
  claim('the customer is held', (await legs())[0].held)
  claim('the card of the guest is the one that is talked to', await page.locator('.party.front', { hasText: 'bob@' }).isVisible())
  await accessible(page, 'consulting')
  await stage.shot(page, '3-consulting')
  await button(page, t.swap).click()
  await inStage(page, 'swapped')
  await page.locator('.party.front', { hasText: 'Carla Berger' }).waitFor()
  claim('exactly one is talked to', (await page.locator('.party.front').count()) === 1)
  await stage.shot(page, '4-swapped')
  const before = (await bob.status()).calls.map((call) => call.id)
  await until('no step is under way', async () => (await act(page, 'conference').getAttribute('aria-disabled')) === null)
  // R2: one act.
  await button(page, t.conference).click()
  await inStage(page, 'conference')
  // R3: the customer is off hold. R4: the guest is drawn in as he stands.
  await until('nobody is held', async () => (await legs()).every((leg) => !leg.held))
  claim('the guest has the same call', JSON.stringify((await bob.status()).calls.map((call) => call.id)) === JSON.stringify(before))
  // R6.
  claim('the reason is the rules’', (await refused(page, 'hold')) === t.noHold)
  await refused(page, 'consult')
  await refused(page, 'exit')
  await accessible(page, 'conference')
  await stage.shot(page, '5-conference')
  claim('the roster has all three', (await page.locator('.roster li').count()) === 3)
  await stage.close()
}

export async function r5_r13_to_r15_the_guest_exits_and_can_end_nothing(lang) {
  const of = await three('guest', lang)
  const { stage, customer, anna, bob, page, t } = of
  const guest = await stage.page(bob)
  await connected(of)
  await act(page, 'consult').click()
  await page.locator('.aim input').fill(bob.uri)
  await button(page, t.start).click()
  await inStage(guest, 'offered')
  await stage.shot(guest, '1-offered-to-the-guest')
  await act(guest, 'answer').click()
  await inStage(guest, 'consulting')
  await until('no step is under way', async () => (await act(page, 'conference').getAttribute('aria-disabled')) === null)
  await button(page, t.conference).click()
  await inStage(guest, 'conference')
  // R5: the customer's phone has no conference.
  const acts = (await customer.status()).calls[0].acts
  claim('the customer starts no conference', !acts.some((act) => act.act === 'conference' && act.allowed))
  await refused(guest, 'hold')
  await refused(guest, 'end')
  claim('exit and end are two', (await button(guest, t.exit).count()) === 1)
  await accessible(guest, 'guest in the conference')
  await stage.shot(guest, '2-guest-in-the-conference')
  await button(guest, t.exit).click()
  // R14, R15.
  await inStage(page, 'connected')
  await bob.waitFor('')
  claim('the guest owes nothing', (await bob.status()).wrap_ups.length === 0)
  claim('owner and customer go on', (await customer.stage_()) === 'connected' && (await anna.stage_()) === 'connected')
  await stage.close()
}

export async function r11_r12_ending_for_all_asks_once(lang) {
  const of = await three('end-for-all', lang)
  const { stage, customer, anna, bob, page, t } = of
  await connected(of)
  await conference(of)
  await button(page, t.endAll).click()
  const asks = page.getByRole('alertdialog')
  await asks.waitFor()
  await accessible(page, 'asked for all')
  await stage.shot(page, '1-asked')
  await page.keyboard.press('Escape')
  await asks.waitFor({ state: 'detached' })
  claim('the conference goes on', (await anna.stage_()) === 'conference')
  await button(page, t.endAll).click()
  await asks.getByRole('button', { name: t.endAll }).click()
  await Promise.all([customer, bob].map((phone) => phone.waitFor('')))
  await page.getByRole('tab', { name: t.wrapUp, selected: true }).waitFor()
  claim('the owner owes one', (await anna.status()).wrap_ups.length === 1)
  claim('the guest owes none', (await bob.status()).wrap_ups.length === 0)
  await stage.close()
}

export async function r7_to_r10_a_transfer_is_asked_for_taken_back_declined_and_taken(lang) {
  const of = await three('transfer', lang)
  const { stage, customer, anna, bob, page, t } = of
  const guest = await stage.page(bob)
  await connected(of)
  await conference(of)
  const ask = async () => {
    await until('no step is under way', async () => (await act(page, 'transfer').getAttribute('aria-disabled')) === null)
    await button(page, t.transfer).click()
    await inStage(page, 'transfer-pending')
    await guest.locator('.request', { hasText: t.request }).waitFor()
  }
  await ask()
  await accessible(guest, 'transfer request')
  await stage.shot(guest, '1-request')
  await stage.shot(page, '2-pending')
  claim('where to is said', await guest.locator('.request', { hasText: customer.display }).isVisible())
  // R8: the owner's wrap-up opens.
  await page.getByRole('tab', { name: t.wrapUp, selected: true }).waitFor()
  await act(page, 'withdraw').click()
  await inStage(page, 'conference')
  await guest.locator('.request').waitFor({ state: 'detached' })
  await ask()
  await guest.locator('.request').getByRole('button', { name: t.decline }).click()
  await inStage(page, 'conference')
  await page.locator('.banner').first().waitFor()
  await stage.shot(page, '3-declined')
  await page.locator('.banner').first().getByRole('button', { name: t.read }).click()
  await ask()
  await guest.locator('.request').getByRole('button', { name: t.accept }).click()
  // R10: guest and customer go on, and the guest owns the call.
  await until('Bob owns the call', async () => (await bob.status()).calls.some((call) => call.role === 'owner' && call.stage === 'connected'))
  await anna.waitFor('')
  claim('the customer is still there', (await customer.status()).calls.length >= 1)
  const owed = (await anna.status()).wrap_ups
  claim('the old owner owes at once', owed.length === 1 && owed[0].due)
  await stage.shot(guest, '4-owner-now')
  await stage.close()
}

export async function r16_to_r18_the_customer_leaves_and_both_talk_on(lang) {
  const of = await three('post-call', lang)
  const { stage, customer, anna, page, t } = of
  await connected(of)
  await conference(of)
  await customer.act('end')
  await inStage(page, 'post-call')
  claim('it is called so', await page.locator('.centre .state', { hasText: t.postCall }).isVisible())
  await refused(page, 'hold')
  await refused(page, 'consult')
  await page.getByRole('tab', { name: t.wrapUp, selected: true }).waitFor()
  const [draft] = (await anna.status()).wrap_ups
  claim('a draft, not yet owed', draft && !draft.due)
  await page.getByRole('radio', { name: t.order }).check()
  await accessible(page, 'post-call')
  await stage.shot(page, '1-post-call')
  await until('no step is under way', async () => (await act(page, 'end').getAttribute('aria-disabled')) === null)
  await button(page, t.end).click()
  await until('it is owed', async () => (await anna.status()).wrap_ups[0]?.due)
  await page.getByRole('button', { name: t.submit }).click()
  await until('it is handed in', async () => (await anna.status()).wrap_ups.length === 0)
  await stage.close()
}

export async function a_consult_that_is_refused_is_told_and_the_customer_comes_back(lang) {
  const of = await three('refused', lang)
  const { stage, bob, page, t } = of
  await connected(of)
  await act(page, 'consult').click()
  await page.locator('.aim input').fill(bob.uri)
  await button(page, t.start).click()
  await bob.waitFor('offered')
  await bob.act('reject')
  await page.locator('.banner', { hasText: 'bob@' }).waitFor()
  await inStage(page, 'held')
  await accessible(page, 'a banner')
  await page.reload()
  await page.locator('.banner', { hasText: 'bob@' }).waitFor()
  await stage.shot(page, '1-refused')
  await button(page, t.resume).click()
  await inStage(page, 'connected')
  await stage.close()
}

export async function a_whole_call_by_the_keyboard_alone(lang) {
  const of = await three('keyboard', lang)
  const { stage, customer, anna, bob, page, t } = of
  const press = (letter) => page.keyboard.press(`Control+Shift+${letter}`)
  await customer.call(anna)
  await inStage(page, 'offered')
  await press('A')
  await inStage(page, 'connected')
  claim('the focus is in the call still', await page.evaluate(() => document.activeElement?.closest('.call') !== null))
  await press('M')
  await button(page, t.unmute).waitFor()
  await press('M')
  await button(page, t.mute).waitFor()
  await press('L')
  await page.keyboard.type(bob.uri)
  await page.keyboard.press('Enter')
  await bob.waitFor('offered')
  await bob.act('answer')
  await inStage(page, 'consulting')
  await until('no step is under way', async () => (await act(page, 'swap').getAttribute('aria-disabled')) === null)
  await press('S')
  await inStage(page, 'swapped')
  await until('no step is under way', async () => (await act(page, 'conference').getAttribute('aria-disabled')) === null)
  await press('F')
  await inStage(page, 'conference')
  // A refused one is focused, and says why.
  await press('H')
  claim('hold has the focus', await page.evaluate(() => document.activeElement?.closest('[data-act="hold"]') !== null))
  claim('and is refused', (await anna.stage_()) === 'conference')
  await press('E')
  await page.getByRole('alertdialog').waitFor()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('tab', { name: t.wrapUp, selected: true }).waitFor()
  // From the tab to the reasons and to the button, by Tab, Space and arrows.
  await page.getByRole('tab', { name: t.wrapUp }).focus()
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press('Tab')
    if (await page.evaluate(() => document.activeElement?.getAttribute('type') === 'radio')) break
  }
  await page.keyboard.press('Space')
  await until('a reason is chosen', async () => (await anna.status()).wrap_ups[0]?.reason)
  await page.keyboard.press('Enter')
  await until('it is handed in', async () => (await anna.status()).wrap_ups.length === 0)
  // What U does depends on the state that the agent sees.
  await page.locator('.state-button.available').waitFor()
  await press('U')
  await until('Anna is idle', async () => (await anna.status()).presence === 'idle')
  await press('D')
  await page.keyboard.type(customer.uri)
  await page.keyboard.press('Enter')
  await inStage(page, 'dialling')
  await stage.shot(page, '1-dialling')
  await press('E')
  await anna.waitFor('')
  await stage.close()
}

export async function the_timer_sends_the_default_unless_more_time_is_asked_for(lang) {
  const of = await three('timer', lang, 'default = "other"\ntime = 6\nextension = 5')
  const { stage, customer, anna, page, t } = of
  await connected(of)
  await button(page, t.end).click()
  const send = page.getByRole('button', { name: new RegExp(`^${t.submit} \\(0:0[0-6]\\)$`) })
  await send.waitFor()
  await accessible(page, 'a countdown')
  await stage.shot(page, '1-countdown')
  const before = (await anna.status()).wrap_ups[0].deadline_ms
  await button(page, t.more).click()
  const after = await until('there is more time', async () => {
    const deadline = (await anna.status()).wrap_ups[0].deadline_ms
    return deadline > before && deadline
  })
  // The page is closed: the phone sends the default all the same, at its time.
  await page.close()
  await until('the default was sent', async () => (await anna.status()).wrap_ups.length === 0, 15_000)
  claim('not before its time', Date.now() >= after - 50)
  claim('the customer is gone long since', (await customer.status()).calls.length === 0)
  await stage.close()
}

export async function a_colleague_is_found_by_name_and_shown_by_it(lang) {
  const stage = await Stage.open('directory', lang)
  const t = words[lang]
  const customer = await stage.customer()
  const bob = await stage.agent('bob', 'Bob Stein')
  const file = directory(stage, [['Stein, Bob', bob.uri], ['Stern, Klara', '4711'], ['Carla Berger', customer.uri]])
  const anna = await stage.agent('anna', 'Anna Weiss', file)
  const page = await stage.page(anna)
  await customer.call(anna)
  await act(page, 'answer').click()
  await inStage(page, 'connected')
  await act(page, 'consult').click()
  await page.keyboard.type('ste')
  await page.getByRole('option').nth(1).waitFor()
  await accessible(page, 'directory')
  await stage.shot(page, '1-found')
  await page.keyboard.type('in bo')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  claim('the number is in the field', (await page.locator('.aim input').inputValue()) === bob.uri)
  await page.keyboard.press('Enter')
  await bob.waitFor('offered')
  await bob.act('answer')
  await inStage(page, 'consulting')
  await page.locator('.party.front .name', { hasText: 'Stein, Bob' }).waitFor()
  await until('no step is under way', async () => (await act(page, 'conference').getAttribute('aria-disabled')) === null)
  await button(page, t.conference).click()
  await inStage(page, 'conference')
  await page.locator('.roster', { hasText: 'Stein, Bob' }).waitFor()
  await stage.shot(page, '2-shown')
  await stage.close()
}
