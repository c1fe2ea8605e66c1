/**
 * Ledger: what the generator knows about the rows it made, one counter for each rule. A pipeline over these rows must
 * account for every one of them: scored, filtered or dead-lettered, and for the right reason.
 */
import type { Activity } from './activity.ts'

export interface Ledger {
  rows: number
  duplicates: number
  delayed: number
  offline: number
  /** Rows that are older than one before them. */
  outOfOrder: number
  malformed: number
  invalid: number
  future: number
  zeroAmounts: number
  largeAmounts: number
  skimmed: number
  stolenCards: number
}

/** Counts the rows from index `from` up to `to`. */
export function ledgerOf(activity: Activity, from: number, to: number): Ledger {
  const ledger: Ledger = {
    rows: 0,
    duplicates: 0,
    delayed: 0,
    offline: 0,
    outOfOrder: 0,
    malformed: 0,
    invalid: 0,
    future: 0,
    zeroAmounts: 0,
    largeAmounts: 0,
    skimmed: 0,
    stolenCards: 0,
  }
  let newest = -Infinity
  for (let i = from; i < to; i++) {
    const { transaction, delayed, offline, duplicate } = activity.arrival(i)
    const { defect, fraud, at } = transaction
    ledger.rows++
    if (duplicate) ledger.duplicates++
    if (delayed) ledger.delayed++
    if (offline) ledger.offline++
    if (at < newest) ledger.outOfOrder++
    newest = Math.max(newest, at)
    if (defect === 'malformed') ledger.malformed++
    if (defect === 'invalid') ledger.invalid++
    if (defect === 'future') ledger.future++
    if (defect === 'zeroAmount') ledger.zeroAmounts++
    if (fraud === 'largeAmount') ledger.largeAmounts++
    if (fraud === 'skimmer') ledger.skimmed++
    if (fraud === 'stolenCard') ledger.stolenCards++
  }
  return ledger
}

export function deadLettersOf(ledger: Ledger): number {
  return ledger.malformed + ledger.invalid + ledger.future
}

export function scoredOf(ledger: Ledger): number {
  return ledger.rows - deadLettersOf(ledger) - ledger.zeroAmounts
}
