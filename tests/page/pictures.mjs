// The pictures that the README shows. They are left beside the other pictures; who likes the new ones better copies them to
// `crates/desk/page/pictures`.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PAGE, Stage, act, claim, directory, inStage, pause, until } from './stage.mjs'

const NAMES = ['conference.png', 'ringing.png', 'wrap-up.png']

export async function the_readmes_pictures() {
  const stage = await Stage.open('pictures', 'en')
  const customer = await stage.customer()
  const bob = await stage.agent('bob', 'Bob Stein')
  const names = directory(stage, [['Bob Stein', bob.uri], ['Support', 'sip:support@127.0.0.1']])
  const anna = await stage.agent('anna', 'Anna Weiss', names)
  const page = await stage.page(anna)
  const narrow = await stage.page(anna, await stage.context({ viewport: { width: 320, height: 440 } }))
  const german = await stage.page(anna, await stage.context({ locale: 'de-DE', colorScheme: 'dark', viewport: { width: 1280, height: 720 } }))
  await customer.call(anna)
  await inStage(narrow, 'offered')
  await stage.shot(narrow, 'ringing')
  await act(page, 'answer').click()
  await inStage(page, 'connected')
  await anna.act('consult', { to: bob.uri })
  await bob.waitFor('offered')
  await bob.act('answer')
  await inStage(page, 'consulting')
  await until('no step is under way', async () => (await act(page, 'conference').getAttribute('aria-disabled')) === null)
  await act(page, 'conference').click()
  await inStage(page, 'conference')
  // A line needs some measurements.
  await until('the guest was measured some times', async () => (await anna.status()).calls[0].legs[1].quality?.recent.length > 4, 25_000)
  await act(page, 'hold').focus()
  await stage.shot(page, 'conference')
  await anna.act('end')
  await german.getByRole('radio').first().check()
  await german.locator('textarea').fill('Ruft am Montag zurück')
  await pause(600)
  await stage.shot(german, 'wrap-up')
  const shown = join(PAGE, 'pictures')
  claim('the committed ones are these', JSON.stringify(readdirSync(shown).sort()) === JSON.stringify(NAMES))
  const size = (folder) => NAMES.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  for (const folder of [shown, stage.folder]) claim(`${size(folder)} bytes in ${folder}`, size(folder) < 300_000)
  const readme = readFileSync(join(PAGE, '../../../README.md'), 'utf8')
  for (const name of NAMES) claim(`the README shows ${name}`, readme.includes(`crates/desk/page/pictures/${name}`))
  await stage.close()
}
