/** Reading the log file of a server: what one start wrote into it, and the end of that. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const logBytesMax = 1024 * 1024

/** The text from a byte offset on; of a very long log its last part. */
export function logSince(file: string, offset: number): string {
  const descriptor = openSync(file, 'r')
  try {
    const size = fstatSync(descriptor).size
    const from = Math.max(offset, size - logBytesMax)
    const bytes = Buffer.alloc(Math.max(0, size - from))
    const read = readSync(descriptor, bytes, 0, bytes.length, from)
    return bytes.toString('utf8', 0, read)
  } finally {
    closeSync(descriptor)
  }
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}
