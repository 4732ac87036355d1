// The labels of the rules, which the stories look for: by what they say, not by where they stand.
export const words = {
  en: {
    hold: 'Hold', resume: 'Resume', mute: 'Mute', unmute: 'Unmute', consult: 'Consult', swap: 'Swap', conference: 'Conference',
    transfer: 'Transfer', exit: 'Exit conference', endAll: 'End conference for all', end: 'End', endConsult: 'End consult',
    accept: 'Accept', decline: 'Decline', available: 'Available', idle: 'Idle', submit: 'Submit wrap-up', start: 'Start',
    postCall: 'Post-call', order: 'New order', noHold: 'Nobody is put on hold in a conference.', lost: 'The phone does not answer',
    request: 'Transfer request', wrapUp: 'Wrap-up', keypad: 'Keypad', unpaired: 'not paired', dial: 'Call', read: 'Read', more: 'More time', note: 'Note', settings: 'Settings', language: 'English', dark: 'Dark', history: 'History', missed: 'Missed',
    good: 'Good', heard: 'is heard', silent: 'silent', silentCustomer: 'no audio from the customer', mos: 'estimated MOS', noMicrophone: 'No microphone', whySilent: 'Why do I hear nothing?',
    lunch: 'Idle – Lunch', notAnswered: 'Not answered', turnedAway: 'New callers are turned away', again: 'Be available again', muted: 'Microphone off',
    notKept: 'not kept',
    lampIdle: 'Free', lampBusy: 'On the phone', lampRinging: 'Rings', lampUnknown: 'Not known', lampTake: 'Take call that rings at Bob Stein', twoMessages: '2 new voice messages', encrypted: 'Encrypted', asked: 'Asked to call', looksOnly: 'Only to look', looksOnlyWhy: "Only to look: the phone is its agent's.",
  },
  de: {
    hold: 'Halten', resume: 'Fortsetzen', mute: 'Stummschalten', unmute: 'Stummschaltung aufheben', consult: 'Rücksprache',
    swap: 'Makeln', conference: 'Konferenz', transfer: 'Übergeben', exit: 'Konferenz verlassen', endAll: 'Konferenz für alle beenden',
    end: 'Anruf beenden', endConsult: 'Rücksprache beenden', accept: 'Annehmen', decline: 'Ablehnen', available: 'Bereit', idle: 'Pause',
    submit: 'Nachbearbeitung senden', start: 'Starten', postCall: 'Nachgespräch', order: 'Neue Bestellung',
    noHold: 'In einer Konferenz wird niemand gehalten.', lost: 'Das Telefon antwortet nicht', request: 'Übergabeanforderung',
    wrapUp: 'Nachbearbeitung', keypad: 'Tastenfeld', unpaired: 'nicht mit dem Telefon gekoppelt', dial: 'Anrufen', read: 'Gelesen', more: 'Mehr Zeit', note: 'Notiz', settings: 'Einstellungen', language: 'Deutsch', dark: 'Dunkel', history: 'Verlauf', missed: 'Verpasst',
    good: 'Gut', heard: 'ist zu hören', silent: 'still', silentCustomer: 'kein Ton vom Kunden', mos: 'geschätzter MOS', noMicrophone: 'Kein Mikrofon', whySilent: 'Warum höre ich nichts?',
    lunch: 'Pause – Mittagspause', notAnswered: 'Nicht angenommen', turnedAway: 'Neue Anrufer werden abgewiesen', again: 'Wieder bereit sein', muted: 'Mikrofon aus',
    notKept: 'nicht',
    lampIdle: 'Frei', lampBusy: 'Im Gespräch', lampRinging: 'Klingelt', lampUnknown: 'Nicht bekannt', lampTake: 'Den Anruf heranholen, der bei Bob Stein klingelt', twoMessages: '2 neue Sprachnachrichten', encrypted: 'Verschlüsselt', asked: 'Anrufwunsch', looksOnly: 'Nur ansehen', looksOnlyWhy: 'Nur ansehen: Das Telefon bedient der Agent.',
  },
}
