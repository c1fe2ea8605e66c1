/** A transaction as the bytes that a producer would send, defects included. */
import type { Transaction } from './day.ts'
import type { World } from './world.ts'

/** A producer whose clock says 2100. */
const centuryMs = 4_102_444_800_000 - 1_262_304_000_000

export function wireOf(transaction: Transaction, world: World): Uint8Array {
  const { defect, at } = transaction
  switch (defect) {
    case 'none':
    case 'zeroAmount':
      return ascii(textOf(transaction, world, at))
    case 'future':
      return ascii(textOf(transaction, world, at + centuryMs))
    case 'invalid':
      return ascii(misfit(textOf(transaction, world, at), transaction))
    case 'malformed':
      return broken(textOf(transaction, world, at), transaction)
  }
}

function textOf({ id, customer, terminal, cents }: Transaction, world: World, at: number): string {
  const place = world.terminals[terminal]!
  return `{"id":"${id}","user":"${customer.id}","terminal":"${place.id}","amount":${decimal(cents)},"x":${decimal(place.x)},"y":${decimal(place.y)},"at":${at}}`
}

/** JSON that breaks the schema in one of four ways. */
function misfit(text: string, { cents }: Transaction): string {
  switch (cents % 4) {
    case 0:
      return text.replace('"amount":', '"amuont":')
    case 1:
      return text.replace('"amount":', '"amount":-')
    case 2:
      return text.replace(/"amount":([\d.]+)/, '"amount":"$1"')
    default:
      return text.replace(/"at":\d+/, '"at":"yesterday"')
  }
}

/** Not JSON at all, in one of three ways. */
function broken(text: string, { cents }: Transaction): Uint8Array {
  if (cents % 3 === 0) return ascii(text.slice(0, text.length >> 1))
  if (cents % 3 === 1) return ascii(text.replace('}', ',}'))
  const bytes = ascii(text)
  bytes[8] = 0xff // no byte of UTF-8
  return bytes
}

function decimal(hundredths: number): string {
  const rest = hundredths % 100
  return `${(hundredths - rest) / 100}.${rest < 10 ? '0' : ''}${rest}`
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}
