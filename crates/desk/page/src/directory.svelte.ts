// Names with numbers, as the phone has them. They are taken once for each start of the phone.
import { ask, type Contact, type Party } from './api'

class Directory {
  contacts = $state.raw<Contact[]>([])

  async take(): Promise<void> {
    const answer = await ask('GET', '/api/directory').catch(() => null)
    if (answer?.ok) this.contacts = ((await answer.json()) as { contacts: Contact[] }).contacts
  }

  /** Those whose name or number has all these words in it. */
  find(text: string, most: number): Contact[] {
    const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean)
    const fits = ({ name, number }: Contact) => words.every((word) => `${name} ${number}`.toLowerCase().includes(word))
    return words.length === 0 ? [] : this.contacts.filter(fits).slice(0, most)
  }

  /** The name of a party that has none of its own. */
  name(of: Party): string | undefined {
    if (of.name !== of.uri && of.name !== of.number) return undefined
    const plain = (text: string) => text.replace(/^(sips?|tel):/, '').toLowerCase()
    const numbers = [of.uri, of.number].filter((text) => text !== undefined).map(plain)
    return this.contacts.find(({ number }) => numbers.includes(plain(number)))?.name
  }
}

export const directory = new Directory()
