// One story by its name, in one language: `node run.mjs STORY LANG`. The suite's Rust side starts it.
import * as calls from './calls.mjs'
import * as desk from './desk.mjs'
import * as kept from './kept.mjs'
import * as pictures from './pictures.mjs'
import * as sound from './sound.mjs'
import * as tabs from './tabs.mjs'
import * as watched from './watched.mjs'

const [, , story, lang] = process.argv
const stories = { ...calls, ...desk, ...kept, ...pictures, ...sound, ...tabs, ...watched }
if (!stories[story]) throw new Error(`no story ${story}; there are: ${Object.keys(stories).join(', ')}`)
await stories[story](lang)
