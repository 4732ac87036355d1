// A PBX as small as can be: it takes registrations and subscriptions by UDP, and tells what a story has it tell.
import { createSocket } from 'node:dgram'
import { freePort } from './stage.mjs'

const tagged = (value, tag) => (/;tag=/.test(value) ? value : `${value};tag=${tag}`)

export class Pbx {
  static async open() {
    const pbx = new Pbx()
    pbx.port = await freePort()
    pbx.socket = createSocket('udp4')
    pbx.subscriptions = new Map()
    pbx.invites = []
    pbx.number = 0
    await new Promise((done) => pbx.socket.bind(pbx.port, '127.0.0.1', done))
    pbx.socket.on('message', (data, from) => pbx.takes(data.toString(), from))
    return pbx
  }

  get domain() {
    return `127.0.0.1:${this.port}`
  }

  takes(text, from) {
    const [start, ...lines] = text.split('\r\n\r\n')[0].split('\r\n')
    const all = (name) => lines.filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim())
    const one = (name) => all(name)[0] ?? ''
    const method = start.split(' ')[0]
    if (method === 'SIP/2.0' || method === 'ACK') return
    const to = tagged(one('to'), 'pbx')
    const answer = (status, more = []) =>
      this.send(from.port, [`SIP/2.0 ${status}`, ...all('via').map((via) => `Via: ${via}`), `From: ${one('from')}`, `To: ${to}`, `Call-ID: ${one('call-id')}`, `CSeq: ${one('cseq')}`, ...more])
    const contact = /<([^>]*)>/.exec(one('contact'))?.[1]
    if (method === 'REGISTER') {
      this.registered = { contact, port: from.port }
      answer('200 OK', [`Contact: ${one('contact').split(';expires')[0]};expires=600`])
    } else if (method === 'SUBSCRIBE') {
      const dialog = { from: to, to: one('from'), id: one('call-id'), contact, port: from.port }
      answer('200 OK', ['Expires: 600', `Contact: <sip:${this.domain}>`])
      this.subscriptions.set(one('event'), dialog)
    } else if (method === 'INVITE') {
      this.invites.push(text)
      answer('486 Busy Here')
    } else {
      answer('200 OK')
    }
  }

  send(port, lines, body = '') {
    this.socket.send(`${[...lines, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n')}\r\n\r\n${body}`, port, '127.0.0.1')
  }

  /** A REFER outside any call: the phone is asked to call this address. */
  refer(to) {
    this.number += 1
    const { contact, port } = this.registered
    this.send(port, [
      `REFER ${contact} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.domain};branch=z9hG4bKrefer${this.number}`,
      'Max-Forwards: 70',
      `From: "Dialler" <sip:dialler@${this.domain}>;tag=refer${this.number}`,
      `To: <${contact}>`,
      `Call-ID: refer-${this.number}@pbx`,
      'CSeq: 1 REFER',
      `Contact: <sip:${this.domain}>`,
      `Refer-To: <${to}>`,
    ])
  }

  /** A NOTIFY: in the subscription of this package, or unasked. */
  notify(event, type, body) {
    this.number += 1
    const user = this.registered
    const dialog = this.subscriptions.get(event) ?? {
      from: `<sip:mail@${this.domain}>;tag=unasked`,
      to: `<${user.contact}>`,
      id: `unasked-${this.number}@pbx`,
      contact: user.contact,
      port: user.port,
    }
    this.send(
      dialog.port,
      [
        `NOTIFY ${dialog.contact} SIP/2.0`,
        `Via: SIP/2.0/UDP ${this.domain};branch=z9hG4bKpbx${this.number}`,
        'Max-Forwards: 70',
        `From: ${dialog.from}`,
        `To: ${dialog.to}`,
        `Call-ID: ${dialog.id}`,
        `CSeq: ${this.number} NOTIFY`,
        `Contact: <sip:${this.domain}>`,
        `Event: ${event}`,
        'Subscription-State: active;expires=600',
        `Content-Type: ${type}`,
      ],
      body,
    )
  }

  close() {
    this.socket.close()
  }
}
