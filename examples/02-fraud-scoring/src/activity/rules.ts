/**
 * The rules of the world and of the stream, as numbers. Shares are in parts per million. The world follows the public
 * description of the fraud-detection-handbook simulator; the stream adds what real topics hold besides good rows.
 */
export interface StreamRules {
  /** Rows that arrive late, by up to `delayMsMax`: this bounds the disorder of all but a few. */
  readonly delayed: number
  readonly delayMsMax: number
  /** Rows of a terminal that had no line: they arrive up to `offlineSecondsMax` late, when nobody waits for them any more. */
  readonly offline: number
  readonly offlineSecondsMax: number
  /** Rows that are sent twice, byte for byte. */
  readonly duplicates: number
  /** Rows cut off, with a stray comma, or not UTF-8. */
  readonly malformed: number
  /** JSON that does not fit the schema. */
  readonly invalid: number
  /** Rows whose clock is wrong by a century. */
  readonly future: number
  /** Checks of a card that charge nothing. */
  readonly zeroAmounts: number
}

export interface ActivityRules {
  readonly seed: number
  readonly customers: number
  readonly terminals: number
  /** Customers use terminals at most so far away, in hundredths of the grid's unit. */
  readonly radius: number
  /** When the first day begins, epoch ms. */
  readonly startMs: number
  readonly stream: StreamRules
}

export const dayMs = 86_400_000

/** The side of the grid: 100 units, in hundredths. */
export const gridSide = 10_000

/** Amounts above this, in cents, are fraud. */
export const largeAmount = 22_000

/** Terminals that are compromised each day, and for how many days. */
export const skimmers = Object.freeze({ perDay: 2, days: 28 })

/** Customers whose card is stolen each day; for so many days a third of their amounts is five times as high. */
export const stolenCards = Object.freeze({ perDay: 3, days: 14, oneIn: 3, factor: 5 })

/** Limits that have changed since the accounts were opened. */
export const accountChanges = 200

export const defaultRules: ActivityRules = Object.freeze({
  seed: 42,
  customers: 2_000,
  terminals: 4_000,
  radius: 500,
  startMs: 1_262_304_000_000, // 2010-01-01
  stream: Object.freeze({
    delayed: 50_000,
    delayMsMax: 20_000,
    offline: 1_000,
    offlineSecondsMax: 7_200,
    duplicates: 5_000,
    malformed: 1_000,
    invalid: 2_000,
    future: 1_000,
    zeroAmounts: 0,
  }),
})

/** As many rows as fit well before today with the rules above: about 4,000 a day. */
export const rowsMax = 20_000_000
